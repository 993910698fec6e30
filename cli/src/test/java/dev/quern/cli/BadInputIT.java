package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Await;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Bad input through the whole system: exit code 65, a message that names the thing, and nothing left behind. */
class BadInputIT {
    private static final Duration CLEAN = Duration.ofMinutes(1);

    private static TestStack stack;

    @TempDir
    Path folder;

    private Path model;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        stack = TestStack.start(2);
    }

    @AfterAll
    static void stop() throws IOException, InterruptedException {
        stack.close();
    }

    @BeforeEach
    void copyModel() throws IOException {
        model = Files.createDirectory(folder.resolve("model"));
        try (Stream<Path> files = Files.list(Cli.TINY)) {
            for (Path file : files.toList()) {
                Files.copy(file, model.resolve(file.getFileName()), StandardCopyOption.COPY_ATTRIBUTES);
            }
        }
    }

    @Test
    void aMissingConfig() throws Exception {
        Files.delete(model.resolve("config.json"));

        refused("config.json");
    }

    @Test
    void anUnknownModelType() throws Exception {
        config(text -> text.replace("\"llama\"", "\"mamba\""));

        refused("mamba");
    }

    @Test
    void anUnknownRopeType() throws Exception {
        config(text -> text.replace("\"rope_type\": \"default\"", "\"rope_type\": \"spiral\""));

        refused("spiral");
    }

    @Test
    void aMissingShard() throws Exception {
        Files.delete(weights());
        Files.writeString(
                model.resolve("model.safetensors.index.json"),
                "{\"metadata\": {}, \"weight_map\": {\"model.norm.weight\": \"model-00002-of-00002.safetensors\"}}");

        refused("model-00002-of-00002.safetensors");
    }

    @Test
    void aTruncatedShard() throws Exception {
        try (FileChannel file = FileChannel.open(weights(), StandardOpenOption.WRITE)) {
            file.truncate(file.size() - 100);
        }

        refused("model.safetensors");
    }

    @Test
    void overlappingOffsets() throws Exception {
        header(text -> text.replaceFirst("\"data_offsets\": ?\\[0,", "\"data_offsets\":[2,"));

        refused("model.safetensors");
    }

    @Test
    void aDuplicateTensor() throws Exception {
        header(text -> {
            int first = text.indexOf("\"model.");
            String entry = text.substring(first, text.indexOf('}', first) + 1);
            return text.substring(0, first) + entry + "," + text.substring(first);
        });

        refused("model.safetensors");
    }

    @Test
    void aHeaderOf200Megabytes() throws Exception {
        long header = 200L << 20;
        try (FileChannel file = FileChannel.open(weights(), StandardOpenOption.WRITE)) {
            file.write(ByteBuffer.wrap(new byte[] {1}), header + 8);
            file.write(number(header), 0);
        }

        refused("model.safetensors");
    }

    @Test
    void aTensorOfTheWrongShape() throws Exception {
        config(text -> text.replaceFirst("\"intermediate_size\": ?\\d+", "\"intermediate_size\": 512"));

        refused("shape");
    }

    @Test
    void aWeightThatIsNotANumber() throws Exception {
        try (FileChannel file = FileChannel.open(weights(), StandardOpenOption.WRITE)) {
            // The last bf16 of the file.
            file.write(ByteBuffer.wrap(new byte[] {(byte) 0xc0, 0x7f}), file.size() - 2);
        }

        refused("model.");
    }

    @Test
    void aPickle() throws Exception {
        Files.move(weights(), model.resolve("pytorch_model.bin"));

        refused("pytorch_model.bin");
    }

    @Test
    void anAlreadyQuantizedCheckpoint() throws Exception {
        config(text ->
                text.replaceFirst("\\{", "{\"quantization_config\": {\"quant_method\": \"gptq\", \"bits\": 4},"));

        refused("quantization_config");
    }

    @Test
    void aGroupThatDoesNotDivide() throws Exception {
        Path recipe = Files.writeString(
                folder.resolve("mine.yaml"),
                Cli.run("recipes", "gptq-w4a16")
                        .out()
                        .replace("groupSize: auto", "groupSize: 100")
                        .replace("name: gptq-w4a16", "name: mine"));

        refused("100", "--recipe", recipe.toString());
    }

    @Test
    void anEmptyCalibrationFile() throws Exception {
        Path text = Files.createFile(folder.resolve("empty.txt"));

        refused("empty.txt", "--calibration", text.toString());
    }

    @Test
    void aCalibrationShorterThanOneWindow() throws Exception {
        Path text = Files.writeString(folder.resolve("short.txt"), "Too little.");

        refused("short.txt", "--calibration", text.toString());
    }

    @Test
    void invalidJsonOnALine() throws Exception {
        Path text = Files.writeString(
                folder.resolve("mine.jsonl"), "{\"text\": \"well\"}\n{\"text\": \"well\"}\n{\"text\": no}\n");

        refused("line 3", "--calibration", text.toString());
    }

    private void refused(String message, String... options) throws Exception {
        List<Path> before = objects();
        Path out = folder.resolve("out");
        List<String> all = new ArrayList<>(List.of(options));
        all.addAll(List.of("--out", out.toString()));

        Cli ran = stack.compress(model, all.toArray(String[]::new));

        assertThat(ran.code()).as(ran.err()).isEqualTo(65);
        assertThat(ran.err()).contains(message);
        assertThat(ran.out()).isEmpty();
        awaitOnly(before);
        assertThat(states()).allMatch(state -> state == JobState.REJECTED);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files.map(file -> file.getFileName().toString())).noneMatch(name -> name.contains("out"));
        }
    }

    /** The command ends with its row; the workflow cleans up a moment later. */
    private static void awaitOnly(List<Path> expected) {
        Await.within(CLEAN, "no object is left")
                .untilAsserted(() -> assertThat(objects()).isEqualTo(expected));
    }

    /**
     * Files of the store and of all scratch folders, but for native libraries: a process that starts beside the test
     * has them for a moment.
     */
    private static List<Path> objects() throws IOException {
        List<Path> files = new ArrayList<>();
        for (String folder : List.of("store", "scratch")) {
            Files.walkFileTree(stack.data().resolve(folder), new SimpleFileVisitor<>() {
                @Override
                public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
                    files.add(file);
                    return FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes) {
                    return folder.getFileName().toString().startsWith("natives-")
                            ? FileVisitResult.SKIP_SUBTREE
                            : FileVisitResult.CONTINUE;
                }

                @Override
                public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                    // Deleted between the look at its folder and the look at itself.
                    if (e instanceof NoSuchFileException) {
                        return FileVisitResult.CONTINUE;
                    }
                    throw e;
                }
            });
        }
        return files.stream().sorted().toList();
    }

    private static List<JobState> states() {
        JsonValue page = Cli.run(
                        "jobs",
                        "list",
                        "--limit",
                        "100",
                        "--output",
                        "json",
                        "--data",
                        stack.data().toString())
                .json();
        return dev.quern.recipes.codec.RecordCodec.read(page, JobView.Page.class).jobs().stream()
                .map(JobView::state)
                .toList();
    }

    private Path weights() {
        return model.resolve("model.safetensors");
    }

    private void config(UnaryOperator<String> change) throws IOException {
        Path file = model.resolve("config.json");
        String before = Files.readString(file);
        String after = change.apply(before);
        assertThat(after).isNotEqualTo(before);
        assertThat(Json.parse(after)).isInstanceOf(JsonObject.class);
        Files.writeString(file, after);
    }

    /** Rewrites the JSON header of the weights; the data after it stays. */
    private void header(UnaryOperator<String> change) throws IOException {
        ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(weights())).order(ByteOrder.LITTLE_ENDIAN);
        byte[] header = new byte[(int) all.getLong()];
        all.get(header);
        String before = new String(header, java.nio.charset.StandardCharsets.UTF_8);
        String after = change.apply(before);
        assertThat(after).isNotEqualTo(before);
        byte[] changed = after.getBytes(java.nio.charset.StandardCharsets.UTF_8);
        try (FileChannel file =
                FileChannel.open(weights(), StandardOpenOption.WRITE, StandardOpenOption.TRUNCATE_EXISTING)) {
            file.write(number(changed.length));
            file.write(ByteBuffer.wrap(changed));
            file.write(all);
        }
    }

    private static ByteBuffer number(long value) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(value)
                .flip();
    }
}
