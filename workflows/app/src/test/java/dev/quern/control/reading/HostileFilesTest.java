package dev.quern.control.reading;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Source;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.random.RandomGenerator;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Wrong headers, configs and file names, by seeds: each is read, or refused as the user's fault, and soon. */
class HostileFilesTest {
    private static final String WEIGHTS = "model.safetensors";
    private static final String CONFIG = "config.json";
    private static final long SECONDS = 10;

    private static final Map<String, byte[]> MODEL = new HashMap<>();
    private static byte[] header;

    @BeforeAll
    static void readModel() throws IOException {
        for (String name : List.of(CONFIG, WEIGHTS, "tokenizer.json", "generation_config.json")) {
            MODEL.put(name, Files.readAllBytes(ReadingsTest.MODEL.resolve(name)));
        }
        byte[] weights = MODEL.get(WEIGHTS);
        int length =
                (int) ByteBuffer.wrap(weights).order(ByteOrder.LITTLE_ENDIAN).getLong();
        header = Arrays.copyOfRange(weights, Long.BYTES, Long.BYTES + length);
    }

    @Test
    @Timeout(600)
    void eightThousand() {
        read(0, 8_000);
    }

    /** Others in each run; a failure names the seed. */
    @Test
    @Tag("slow")
    @Timeout(3600)
    void tenTimesAsManyOthers() {
        int first = RandomGenerator.getDefault().nextInt(8_000, 1_000_000_000);
        read(first, first + 80_000);
    }

    private static void read(int from, int to) {
        int good = 0;
        for (int seed = from; seed < to; seed++) {
            long begun = System.nanoTime();
            good += read(seed) ? 1 : 0;
            assertThat((System.nanoTime() - begun) / 1_000_000_000)
                    .as("seconds of seed %d", seed)
                    .isLessThan(SECONDS);
        }
        assertThat(good).as("of %d read all the same", to - from).isBetween(1, (to - from) / 2);
    }

    /** True for one that can be read all the same. */
    private static boolean read(int seed) {
        try (Source source = Source.open(hostile(seed))) {
            Workload workload = Workload.beforehand(
                    List.of(Recipes.find("rtn-w4a16")), List.of(), source.architecture(), null, List.of());
            assertThat(source.estimate(workload, new Budget(Long.MAX_VALUE / 4, 2, null), Fanout.ALONE)
                            .sizes()
                            .outputBytes())
                    .as("seed %d", seed)
                    .isPositive();
            return true;
        } catch (QuernException e) {
            assertThat(e.code().kind()).as("seed %d: %s", seed, e.getMessage()).isEqualTo(ErrorCode.Kind.USER);
            assertThat(e.getMessage()).as("seed %d", seed).hasSizeLessThan(3000);
            return false;
        } catch (RuntimeException e) {
            return fail("seed " + seed, e);
        }
    }

    private static MemoryFiles hostile(int seed) {
        Mutations mutations = new Mutations(seed);
        Map<String, byte[]> files = new HashMap<>(MODEL);
        switch (seed % 8) {
            case 0, 1, 2, 3 -> files.put(WEIGHTS, weights(mutations.of(header), seed));
            case 4, 5, 6 -> files.put(CONFIG, mutations.of(MODEL.get(CONFIG)));
            default -> {
                files.put(mutations.name(), new byte[seed % 100]);
                files.put("additional_chat_templates/" + mutations.name(), new byte[0]);
            }
        }
        return new MemoryFiles(files);
    }

    /** With the data of the model, and now and then a length that is not the header's. */
    private static byte[] weights(byte[] changed, int seed) {
        byte[] right = MODEL.get(WEIGHTS);
        int data = right.length - Long.BYTES - header.length;
        long length = seed % 64 == 0 ? Long.MIN_VALUE >>> (seed / 64 % 64) : changed.length;
        return ByteBuffer.allocate(Long.BYTES + changed.length + data)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(changed)
                .put(right, right.length - data, data)
                .array();
    }

    /** Files without a disk. */
    private record MemoryFiles(Map<String, byte[]> files) implements CheckpointFiles {
        @Override
        public String location() {
            return "memory";
        }

        @Override
        public List<String> names() {
            return List.copyOf(files.keySet());
        }

        @Override
        public Version version(String name) {
            return new Version(files.get(name).length, "1", true);
        }

        @Override
        public byte[] read(String name, long offset, int length) {
            return Arrays.copyOfRange(files.get(name), (int) offset, (int) offset + length);
        }

        @Override
        public void stream(String name, Sink sink) {
            sink.accept(files.get(name), files.get(name).length);
        }

        @Override
        public MemorySegment map(String name, long offset, long length, Arena arena) {
            return MemorySegment.ofArray(files.get(name)).asSlice(offset, length);
        }

        @Override
        public void close() {}
    }
}
