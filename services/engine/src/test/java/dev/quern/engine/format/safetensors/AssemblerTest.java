package dev.quern.engine.format.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.CompressedModel;
import dev.quern.engine.format.GoldenVectors;
import dev.quern.engine.format.RandomModel;
import dev.quern.engine.format.compressedtensors.CompressedTensors;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.Model;
import dev.quern.engine.verify.Manifests;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNull;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AssemblerTest {
    private static final Path BASE = GoldenVectors.GOLDEN.resolve("base-bf16");
    private static final Path TINY = Path.of("../../samples/tiny-llama");
    private static final CompressedTensors CODEC = new CompressedTensors();
    private static final SafetensorsFolder FORMAT = new SafetensorsFolder(CODEC);
    private static final IntegerShape GRID = new IntegerShape(4, 32, true);

    @TempDir
    Path folder;

    /** The library's file from the library's codes: every byte, header included. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void theFileIsTheLibrarys(boolean symmetric) throws IOException {
        Path golden = GoldenVectors.GOLDEN.resolve(symmetric ? "ct-w4a16-g32-sym" : "ct-w4a16-g32-asym");
        IntegerShape grid = new IntegerShape(4, 32, symmetric);
        try (Checkpoint source = Checkpoint.open(BASE);
                Checkpoint library = Checkpoint.openQuantized(golden)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel model = block -> ids(architecture, block).stream()
                    .map(id -> CODEC.read(library, id, grid))
                    .toList();
            Assembled assembled = assemble(source, architecture, grid, model, Long.MAX_VALUE);

            assertThat(assembled.files())
                    .containsExactly(
                            "model.safetensors",
                            "generation_config.json",
                            "tokenizer.json",
                            "tokenizer_config.json",
                            "config.json");
            assertThat(Files.mismatch(folder.resolve("model.safetensors"), golden.resolve("model.safetensors")))
                    .isEqualTo(-1);

            Verification verified = verify(folder, assembled, source, architecture, model);
            assertGrids(GridMap.of(grid, architecture));
            assertThat(verified.linears()).isEqualTo(14);
            assertThat(verified.weights()).isEqualTo(73_728);
            assertThat(verified.bitsPerWeight()).isEqualTo(symmetric ? 4.5 : 4.625);
        }
    }

    @Test
    void theConfigKeepsEverything() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            assemble(source);
            JsonObject config = (JsonObject) Json.parse(Files.readAllBytes(folder.resolve("config.json")));
            assertThat(config.get("quantization_config"))
                    .isEqualTo(CODEC.quantizationConfig(GridMap.of(GRID, Architectures.of(source.config()))));
            assertThat(Json.write(config.without("quantization_config")))
                    .isEqualTo(Json.write(source.config().raw()));
        }
    }

    @Test
    void shardsHoldWholeBlocksAndTheSameTensors() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled = assemble(source, architecture, GRID, model, 50_000);

            assertThat(assembled.files()).first().asString().startsWith("model-00001-of-0000");
            assertThat(assembled.files())
                    .filteredOn(file -> file.startsWith("model-0"))
                    .hasSizeGreaterThan(2);
            assertThat(assembled.files())
                    .endsWith("tokenizer_config.json", "model.safetensors.index.json", "config.json");
            Verification verified = verify(folder, assembled, source, architecture, model);
            assertThat(verified.linears()).isEqualTo(14);
        }
    }

    /** A tied head is stored once, even where the source has a second copy of it. */
    @Test
    void aTiedHeadIsNotStored() throws IOException {
        Path tied = Files.createDirectory(folder.resolve("tied"));
        Files.copy(TINY.resolve("config.json"), tied.resolve("config.json"));
        try (Checkpoint tiny = Checkpoint.open(TINY)) {
            withHead(tiny, tied.resolve("model.safetensors"));
        }
        Path output = folder.resolve("output");
        try (Checkpoint source = Checkpoint.open(tied)) {
            assertThat(source.has("lm_head.weight")).isTrue();
            Architecture architecture = Architectures.of(source.config());
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled =
                    assembler(source, architecture, GRID, model).write(output, bytes -> {}, Cancellation.NEVER);
            assertThat(verify(output, assembled, source, architecture, model).tied())
                    .isTrue();
        }
        try (Checkpoint written = Checkpoint.openQuantized(output)) {
            assertThat(written.has("lm_head.weight")).isFalse();
        }
    }

    /** A head that was trained on its own is the model's head, whatever config.json says. */
    @Test
    void aHeadThatIsNotTheEmbeddingIsKept() throws IOException {
        Path own = Files.createDirectory(folder.resolve("own"));
        Files.copy(BASE.resolve("model.safetensors"), own.resolve("model.safetensors"));
        JsonObject config = (JsonObject) Json.parse(Files.readString(BASE.resolve("config.json")));
        Files.writeString(own.resolve("config.json"), Json.write(config.with("tie_word_embeddings", true)));
        Path output = folder.resolve("output");
        try (Checkpoint source = Checkpoint.open(own)) {
            Architecture architecture = Architectures.of(source.config());
            assertThat(architecture.tied()).isFalse();
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled =
                    assembler(source, architecture, GRID, model).write(output, bytes -> {}, Cancellation.NEVER);
            verify(output, assembled, source, architecture, model);
        }
        try (Checkpoint written = Checkpoint.openQuantized(output)) {
            assertThat(written.has("lm_head.weight")).isTrue();
            assertThat(written.config().flag("tie_word_embeddings", true)).isFalse();
        }
    }

    /** Tools that take a quantization away leave the key behind. */
    @Test
    void aQuantizationOfNullIsReplaced() throws IOException {
        Path source = Files.createDirectory(folder.resolve("source"));
        Files.copy(BASE.resolve("model.safetensors"), source.resolve("model.safetensors"));
        JsonObject config = (JsonObject) Json.parse(Files.readString(BASE.resolve("config.json")));
        Files.writeString(source.resolve("config.json"), Json.write(config.with("quantization_config", JsonNull.NULL)));
        Path output = folder.resolve("output");
        try (Checkpoint checkpoint = Checkpoint.open(source)) {
            Architecture architecture = Architectures.of(checkpoint.config());
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled =
                    assembler(checkpoint, architecture, GRID, model).write(output, bytes -> {}, Cancellation.NEVER);

            assertThat(verify(output, assembled, checkpoint, architecture, model)
                            .linears())
                    .isEqualTo(14);
        }
    }

    private static void withHead(Checkpoint tiny, Path file) throws IOException {
        List<OutputTensor> tensors = new ArrayList<>();
        tiny.tensorNames()
                .forEach(name -> tensors.add(new OutputTensor(
                        name, tiny.entry(name).type(), tiny.entry(name).shape())));
        String embedding = "model.embed_tokens.weight";
        tensors.add(new OutputTensor(
                "lm_head.weight", StoredType.BF16, tiny.entry(embedding).shape()));
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, tensors)) {
            for (OutputTensor tensor : tensors) {
                String from = tensor.name().equals("lm_head.weight") ? embedding : tensor.name();
                writer.write(tensor.name(), tiny.tensor(from).data());
            }
            writer.commit();
        }
    }

    @Test
    void copiesOfReadOnlyFilesCanBeChanged() throws IOException {
        Path readOnly = Files.createDirectory(folder.resolve("source"));
        for (String name : List.of("config.json", "model.safetensors", "tokenizer.json")) {
            Path copy = Files.copy(BASE.resolve(name), readOnly.resolve(name));
            Files.setPosixFilePermissions(copy, PosixFilePermissions.fromString("r--r--r--"));
        }
        Path output = folder.resolve("output");
        try (Checkpoint source = Checkpoint.open(readOnly)) {
            Architecture architecture = Architectures.of(source.config());
            assembler(source, architecture, GRID, RandomModel.of(architecture, GRID))
                    .write(output, bytes -> {}, Cancellation.NEVER);
        }
        assertThat(Files.getPosixFilePermissions(output.resolve("tokenizer.json")))
                .contains(PosixFilePermission.OWNER_WRITE);
    }

    @Test
    void progressCountsTheSource() throws IOException {
        AtomicLong progress = new AtomicLong();
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            assembler(source, architecture, GRID, RandomModel.of(architecture, GRID))
                    .write(folder, progress::addAndGet, Cancellation.NEVER);
            assertThat(progress).hasValue(source.tensorBytes());
        }
    }

    @Test
    void anUnfinishedFolderIsNoCheckpoint() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel incomplete =
                    block -> RandomModel.of(architecture, GRID).linears(0).subList(0, 3);
            assertThatThrownBy(() -> assemble(source, architecture, GRID, incomplete, Long.MAX_VALUE))
                    .hasMessageStartingWith("block 0: without [model.layers.0.");
            assertThat(fileNames()).isEmpty();
        }
    }

    @Test
    void aResultOnAnotherGridIsADefect() {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel other = RandomModel.of(architecture, new IntegerShape(3, 32, true));
            assertThatThrownBy(() -> assemble(source, architecture, GRID, other, Long.MAX_VALUE))
                    .hasMessageContaining("IntegerShape[bits=3")
                    .hasMessageContaining("(expected: [");
        }
    }

    @Test
    void aGroupThatDoesNotDivideIsRefusedBeforeAnyWork() {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            IntegerShape grid = new IntegerShape(4, 48, true);
            assertThatThrownBy(() -> assembler(source, architecture, grid, RandomModel.of(architecture, GRID)))
                    .isInstanceOfSatisfying(
                            QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.SHAPE_MISMATCH))
                    .hasMessage(
                            "model.layers.0.self_attn.q_proj: 64 columns (expected: a multiple of grid.groupSize 48)");
        }
    }

    @Test
    void aPublishedOutputVerifies() throws IOException {
        Manifest manifest = publish();
        assertThat(manifest.files().stream().map(Manifest.File::name))
                .containsExactly(
                        "model.safetensors",
                        "generation_config.json",
                        "tokenizer.json",
                        "tokenizer_config.json",
                        "quern-report.json",
                        "config.json");
        Verification verified = OutputVerifier.verify(folder, bytes -> {}, Cancellation.NEVER);
        assertThat(verified.outputDigest()).isEqualTo(manifest.outputDigest());
        assertThat(verified.files()).hasSize(5);
    }

    @Test
    void theDigestDoesNotCoverTheReport() throws IOException {
        Manifest manifest = publish();
        List<FileDigest> files = manifest.files().stream()
                .map(f -> new FileDigest(f.name(), f.size(), f.name().startsWith("quern") ? "0" : f.sha256()))
                .toList();
        assertThat(Manifests.outputDigest(files)).isEqualTo(manifest.outputDigest());
    }

    @ParameterizedTest
    @CsvSource({"model.safetensors", "config.json", "tokenizer.json", "quern-report.json"})
    void aChangedByteIsFound(String name) throws IOException {
        publish();
        byte[] bytes = Files.readAllBytes(folder.resolve(name));
        int at = bytes.length - 1;
        while (bytes[at] < '1' || bytes[at] > '8') {
            at--;
        }
        bytes[at]++; // still JSON where it was JSON
        Files.write(folder.resolve(name), bytes);
        damaged(name + ": SHA-256 ", "as quern-manifest.json says)");
    }

    @Test
    void aMissingFileAndAnotherSizeAreFound() throws IOException {
        publish();
        byte[] bytes = Files.readAllBytes(folder.resolve("tokenizer.json"));
        Files.write(folder.resolve("tokenizer.json"), new byte[3]);
        damaged("tokenizer.json: 3 bytes (expected: " + bytes.length + ", as quern-manifest.json says)", "");
        Files.delete(folder.resolve("tokenizer.json"));
        damaged("tokenizer.json: missing (expected: as quern-manifest.json says)", "");
    }

    @Test
    void otherWeightsBesideTheOutputAreFound() throws IOException {
        publish();
        Files.write(folder.resolve("model-00001-of-00002.safetensors"), new byte[1]);
        damaged("model-00001-of-00002.safetensors: not in quern-manifest.json (expected: no other weights)", "");
    }

    @Test
    void anOutputWithoutAManifestIsNone() throws IOException {
        publish();
        Files.delete(folder.resolve(Manifest.NAME));
        damaged("quern-manifest.json: missing (expected: in " + folder, "");
    }

    @ParameterizedTest
    @ValueSource(strings = {"../config.json", "/etc/passwd", "a/../../b", "a\\b", ".."})
    void aManifestCannotLeaveItsFolder(String name) throws IOException {
        Manifest manifest = publish();
        List<Manifest.File> files = new ArrayList<>(manifest.files());
        files.add(new Manifest.File(name, 1, ""));
        write(new Manifest(manifest.schema(), manifest.outputDigest(), files));
        damaged("quern-manifest.json: files: " + name + " (expected: a name inside the output)", "");
    }

    private void damaged(String start, String end) {
        assertThatThrownBy(() -> OutputVerifier.verify(folder, bytes -> {}, Cancellation.NEVER))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_DAMAGED))
                .hasMessageStartingWith(start)
                .hasMessageEndingWith(end);
    }

    private Manifest publish() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled = assemble(source, architecture, GRID, model, Long.MAX_VALUE);
            Verification verified = verify(folder, assembled, source, architecture, model);
            byte[] report = "{\"a\": 1}".getBytes(StandardCharsets.UTF_8);
            Files.write(folder.resolve("quern-report.json"), report);
            Manifest manifest = Manifests.of(
                    verified,
                    Map.of("quern-report.json", report),
                    assembled.inPublishOrder(List.of("quern-report.json")));
            write(manifest);
            return manifest;
        }
    }

    private void write(Manifest manifest) throws IOException {
        Files.write(folder.resolve(Manifest.NAME), Manifests.write(manifest));
    }

    @Test
    void aWrongCodeIsFound() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            CompressedModel model = RandomModel.of(architecture, GRID);
            Assembled assembled = assemble(source, architecture, GRID, model, Long.MAX_VALUE);
            CompressedModel other = block -> {
                List<CompressedLinear> linears = model.linears(block);
                ((IntegerGrid) linears.getLast().core()).codes()[5] ^= (byte) (block == 1 ? 1 : 0);
                return linears;
            };
            assertThatThrownBy(() -> verify(folder, assembled, source, architecture, other))
                    .hasMessage("model.layers.1.mlp.down_proj: differs from what was compressed"
                            + " (expected: equal codes, zeros, scales)");
        }
    }

    /** As groupSize auto and ignore make them. */
    @Test
    void linearsOfSeveralGroupsAndIgnoredOnesReadBack() throws IOException {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            Map<LinearId, Optional<IntegerShape>> linears = new LinkedHashMap<>(
                    GridMap.of(new IntegerShape(4, 32, true), architecture).linears());
            linears.replaceAll(
                    (id, grid) -> id.name().endsWith("down_proj") ? Optional.of(new IntegerShape(8, 16, true)) : grid);
            linears.put(new LinearId("model.layers.1.", "self_attn.o_proj"), Optional.empty());
            GridMap grids = new GridMap(linears);
            CompressedModel model = block -> architecture.blocks().get(block).program().linears().stream()
                    .flatMap(spec -> grids
                            .of(architecture.blocks().get(block).id(spec))
                            .map(grid -> RandomModel.linear(
                                    architecture.blocks().get(block).id(spec), spec, grid))
                            .stream())
                    .toList();

            Assembly assembly = new Assembly(source, new Model(architecture, source), grids, model);
            Assembled assembled = FORMAT.write(assembly, folder, bytes -> {}, Cancellation.NEVER);

            Verification verified = verify(folder, assembled, source, architecture, model);
            assertGrids(grids);
            assertThat(verified.linears()).isEqualTo(13);
            try (Checkpoint output = Checkpoint.openQuantized(folder)) {
                assertThat(output.has("model.layers.1.self_attn.o_proj.weight")).isTrue();
                assertThat(output.has("model.layers.1.self_attn.o_proj.weight_packed"))
                        .isFalse();
            }
        }
    }

    /** What another reader of the format finds in the folder. */
    private void assertGrids(GridMap expected) {
        Map<LinearId, IntegerShape> packed = new LinkedHashMap<>();
        expected.linears().forEach((linear, grid) -> grid.ifPresent(shape -> packed.put(linear, shape)));
        try (CompressedCheckpoint result = CompressedCheckpoint.open(folder)) {
            assertThat(result.grids()).isEqualTo(packed);
        }
    }

    private Assembled assemble(Checkpoint source) {
        Architecture architecture = Architectures.of(source.config());
        return assemble(source, architecture, GRID, RandomModel.of(architecture, GRID), Long.MAX_VALUE);
    }

    private Assembled assemble(
            Checkpoint source, Architecture architecture, IntegerShape grid, CompressedModel model, long shard) {
        return new Assembler(assembly(source, architecture, grid, model), FORMAT, shard)
                .write(folder, bytes -> {}, Cancellation.NEVER);
    }

    private static Assembler assembler(
            Checkpoint source, Architecture architecture, IntegerShape grid, CompressedModel model) {
        return new Assembler(assembly(source, architecture, grid, model), FORMAT);
    }

    private static Assembly assembly(
            Checkpoint source, Architecture architecture, IntegerShape grid, CompressedModel model) {
        return new Assembly(source, new Model(architecture, source), GridMap.of(grid, architecture), model);
    }

    private static Verification verify(
            Path output, Assembled assembled, Checkpoint source, Architecture architecture, CompressedModel model) {
        Assembly assembly = assembly(source, architecture, GRID, model);
        return OutputVerifier.verifyAssembled(FORMAT, output, assembled, assembly, bytes -> {}, Cancellation.NEVER);
    }

    private static List<LinearId> ids(Architecture architecture, int block) {
        Block found = architecture.blocks().get(block);
        return found.program().linears().stream().map(found::id).toList();
    }

    private List<String> fileNames() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).toList();
        }
    }
}
