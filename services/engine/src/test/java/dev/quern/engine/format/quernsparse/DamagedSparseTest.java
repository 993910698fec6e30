package dev.quern.engine.format.quernsparse;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Whatever is in the files: a linear, or an error that names the tensor, the value and what was expected. */
@Timeout(300)
class DamagedSparseTest {
    private static final QuernSparse FORMAT = new QuernSparse();
    private static final LinearId P = new LinearId("", "p");
    private static final IntegerShape GRID = new IntegerShape(4, 50, false);
    private static final int ROWS = 2000;
    private static final int COLS = 100;

    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);
    /**
     * Four runs of up to 655 rows; mask, codes and both bytes of scales each in a code of their own; four bits of
     * padding in each row.
     */
    private final CompressedLinear linear = SparseLinears.random(P, ROWS, COLS, GRID, 0.1, random);

    @TempDir
    Path folder;

    @Test
    void theLinearHasEveryTensor() throws IOException {
        store(parts());

        assertThat(read()).isNull();
        assertThat(parts().stream().map(part -> part.tensor().name()))
                .containsExactlyInAnyOrder(
                        "p.weight",
                        "p.weight_offsets",
                        "p.weight_lengths",
                        "p.weight_mask",
                        "p.weight_mask_offsets",
                        "p.weight_mask_lengths",
                        "p.weight_scale",
                        "p.weight_scale_byte0",
                        "p.weight_scale_byte0_offsets",
                        "p.weight_scale_byte0_lengths",
                        "p.weight_scale_byte1",
                        "p.weight_scale_byte1_offsets",
                        "p.weight_scale_byte1_lengths",
                        "p.weight_zero_point",
                        "p.weight_shape");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    p.weight_shape         | p.weight_shape: I64 [1] (expected: I64 [2])
                    p.weight               | p.weight_offsets[4]: #OFFSET (expected: #LENGTH)
                    p.weight_offsets       | p.weight_offsets: U32 [4] (expected: U32 [5])
                    p.weight_lengths       | p.weight_lengths: U8 [15] (expected: U8 [16])
                    p.weight_mask          | p.weight_mask_offsets[4]: #OFFSET (expected: #LENGTH)
                    p.weight_mask_offsets  | p.weight_mask_offsets: U32 [4] (expected: U32 [5])
                    p.weight_mask_lengths  | p.weight_mask_lengths: U8 [255] (expected: U8 [256])
                    p.weight_scale_byte0   | p.weight_scale_byte0_offsets[4]: #OFFSET (expected: #LENGTH)
                    p.weight_scale_byte0_lengths | p.weight_scale_byte0_lengths: U8 [255] (expected: U8 [256])
                    p.weight_scale_byte1_offsets | p.weight_scale_byte1_offsets: U32 [4] (expected: U32 [5])
                    p.weight_zero_point    | p.weight_zero_point: U8 [1999, 1] (expected: U8 [2000, 1])
                    """)
    void aShorterTensorIsNamed(String tensor, String message) throws IOException {
        long length = part(tensor).tensor().shape().getFirst();
        store(with(tensor, part -> shortened(part)));

        assertThat(read()).isEqualTo(message.replace("#OFFSET", "" + length).replace("#LENGTH", "" + (length - 1)));
    }

    @ParameterizedTest
    @CsvSource({
        "p.weight",
        "p.weight_offsets",
        "p.weight_mask_offsets",
        "p.weight_scale",
        "p.weight_scale_byte0",
        "p.weight_scale_byte1",
        "p.weight_scale_byte1_offsets",
        "p.weight_zero_point",
        "p.weight_shape"
    })
    void aMissingTensorIsNamed(String tensor) throws IOException {
        store(parts().stream()
                .filter(part -> !part.tensor().name().equals(tensor))
                .toList());

        assertThat(read()).endsWith(tensor + ": missing (expected: a tensor of this name)");
    }

    /** Without its lengths a stream would be packed, and without its mask every code would be there. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    p.weight_lengths      | p\\.weight: run 0: \\d+ bytes \\(expected: \\w+, for \\d+ symbols\\)
                    p.weight_mask_lengths | p\\.weight_mask: run 0: \\d+ bytes \\(expected: more, for 8515 symbols\\)
                    p.weight_scale_byte0_lengths | p\\.weight_scale_byte0: run 0: \\d+ bytes \\(expected: more, for 1310 symbols\\)
                    p.weight_mask         | p\\.weight_mask_offsets: present \\(expected: no such tensor beside codes without a mask\\)
                    """)
    void aMissingPartOfTheCodingIsNoticed(String tensor, String message) throws IOException {
        store(parts().stream()
                .filter(part -> !part.tensor().name().equals(tensor))
                .toList());

        assertThat(read()).matches(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    p.weight_offsets      | 0 | 1          | p.weight_offsets[0]: 1 (expected: 0)
                    p.weight_offsets      | 2 | 1          | p.weight_offsets[2]: 1 (expected: #1 to #4)
                    p.weight_offsets      | 2 | -1         | p.weight_offsets[2]: 4294967295 (expected: #1 to #4)
                    p.weight_scale_byte0_offsets | 2 | 1   | p.weight_scale_byte0_offsets[2]: 1 (expected: #1 to #4)
                    p.weight_mask_offsets | 4 | 2147483647 | p.weight_mask_offsets[4]: 2147483647 (expected: #4)
                    """)
    void anOffsetOutOfOrderIsNamed(String tensor, int index, int value, String message) throws IOException {
        ByteBuffer offsets = ByteBuffer.wrap(bytes(part(tensor))).order(ByteOrder.LITTLE_ENDIAN);
        String expected = message.replace("#1", "" + offsets.getInt(4)).replace("#4", "" + offsets.getInt(16));
        store(with(tensor, part -> {
            byte[] changed = bytes(part);
            ByteBuffer.wrap(changed).order(ByteOrder.LITTLE_ENDIAN).putInt(index * Integer.BYTES, value);
            return new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(changed));
        }));

        assertThat(read()).isEqualTo(expected);
    }

    /** The end of one run is the beginning of the next: neither has the bytes that it needs. */
    @Test
    void anOffsetThatIsMovedIsNoticed() throws IOException {
        for (int by : new int[] {-3, 2}) {
            store(with("p.weight_offsets", part -> {
                ByteBuffer changed = ByteBuffer.wrap(bytes(part)).order(ByteOrder.LITTLE_ENDIAN);
                changed.putInt(4, changed.getInt(4) + by);
                return new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(changed.array()));
            }));

            assertThat(read()).matches("p\\.weight: run 0: \\d+ bytes \\(expected: (more|\\d+), for \\d+ symbols\\)");
        }
    }

    @ParameterizedTest
    @CsvSource({
        "p.weight, 3",
        "p.weight_mask, 3",
        "p.weight_scale_byte1, 3",
    })
    void bitsAfterTheLastSymbolAreNoticed(String tensor, int run) throws IOException {
        for (int trial = 0; trial < 8; trial++) {
            CompressedLinear other = SparseLinears.random(P, ROWS, COLS, GRID, 0.1, random);
            List<SparseWriter.Part> parts = SparseWriter.parts(other, StoredType.BF16);
            SparseWriter.Part part = parts.stream()
                    .filter(each -> each.tensor().name().equals(tensor))
                    .findFirst()
                    .orElseThrow();
            byte[] data = bytes(part);
            if ((data[data.length - 1] & 0x80) == 0) {
                data[data.length - 1] |= (byte) 0x80;
                store(replaced(parts, part, new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(data))));
                String message = read();
                // A last word that fills the byte becomes another one.
                if (message != null && message.contains("after the last symbol")) {
                    assertThat(message)
                            .isEqualTo(tensor + ": run " + run + ": bits after the last symbol (expected: zeros)");
                    return;
                }
            }
        }
        throw new AssertionError("seed " + seed + ": no stream of eight ended with a bit to spare");
    }

    @Test
    void impossibleCodesAreNamed() throws IOException {
        store(with("p.weight_lengths", part -> filled(part, (byte) 1)));
        assertThat(read()).isEqualTo("p.weight_lengths: words take 32768/4096 of the code (expected: all of it)");
        store(with("p.weight_mask_lengths", part -> filled(part, (byte) 0)));
        assertThat(read()).isEqualTo("p.weight_mask_lengths: words take 0/4096 of the code (expected: all of it)");
        store(with("p.weight_scale_byte0_lengths", part -> filled(part, (byte) 2)));
        assertThat(read())
                .isEqualTo("p.weight_scale_byte0_lengths: words take 262144/4096 of the code (expected: all of it)");
        store(with("p.weight_lengths", part -> filled(part, (byte) 13)));
        assertThat(read()).isEqualTo("p.weight_lengths[0]: 13 (expected: 0 to 12 bits)");
    }

    @Test
    void aMaskBeyondTheColumnsIsNamed() throws IOException {
        CompressedLinear narrow = SparseLinears.random(P, 64, 12, new IntegerShape(8, 0, true), 0.5, random);
        List<SparseWriter.Part> parts = SparseWriter.parts(narrow, StoredType.BF16);
        SparseWriter.Part mask = parts.getFirst();
        assertThat(mask.tensor().name()).isEqualTo("p.weight_mask");
        assertThat(mask.tensor().shape()).as("packed").containsExactly(128L);
        byte[] data = bytes(mask);
        data[5] |= 0x10;
        store(replaced(parts, mask, new SparseWriter.Part(mask.tensor(), MemorySegment.ofArray(data))));

        assertThat(read(new IntegerShape(8, 0, true)))
                .isEqualTo("p.weight_mask: row 2: bits after the last column (expected: zeros)");
    }

    /** Memory is not taken for what a few bytes cannot hold. */
    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    2000 | 1000000    | p.weight_scale_byte0_offsets: U32 [5] (expected: U32 [2001])
                    0    | 100        | p.weight_shape: [0, 100] (expected: rows and columns)
                    2000 | 101        | p: 101 columns (expected: a multiple of grid.groupSize 50)
                    2000 | 4294967296 | p.weight_shape: [2000, 4294967296] (expected: rows and columns)
                    """)
    void anotherShapeIsNamed(long rows, long cols, String message) throws IOException {
        store(with("p.weight_shape", part -> shape(part, rows, cols)));

        assertThat(read()).isEqualTo(message);
    }

    @Test
    void aShapeThatTheStreamsCannotHoldIsNamed() throws IOException {
        IntegerShape perRow = new IntegerShape(4, 0, true);
        CompressedLinear small = SparseLinears.random(P, 4, 100_000, perRow, 0.5, random);
        List<SparseWriter.Part> parts = SparseWriter.parts(small, StoredType.BF16);
        SparseWriter.Part shape = parts.getLast();
        store(replaced(parts, shape, shape(shape, 4, 1 << 27)));

        assertThat(read(perRow))
                .matches("p\\.weight_mask: \\d+ bytes \\(expected: 8388608 or more, for 67108864 symbols\\)");
    }

    @Test
    void aShapeWithMoreGroupsThanTheScalesHoldIsNamed() throws IOException {
        IntegerShape grouped = new IntegerShape(4, 64, true);
        CompressedLinear small = SparseLinears.random(P, 4, 102_400, grouped, 0.5, random);
        List<SparseWriter.Part> parts = SparseWriter.parts(small, StoredType.BF16);
        SparseWriter.Part shape = parts.getLast();
        store(replaced(parts, shape, shape(shape, 4, 1 << 27)));

        assertThat(read(grouped))
                .matches("p\\.weight_scale_byte0: \\d+ bytes \\(expected: 1048576 or more, for 8388608 symbols\\)");
    }

    /** Scales are either in a tensor of their own, or in as many streams as their type has bytes. */
    @Test
    void scalesThatAreThereTwiceAreNamed() throws IOException {
        store(with("p.weight_scale", part -> scales(StoredType.BF16, List.of(2000L, 2L))));
        assertThat(read())
                .isEqualTo("p.weight_scale_byte0: present (expected: no such tensor beside plain BF16 scales)");
        store(with("p.weight_scale", part -> scales(StoredType.BF16, List.of(1999L, 2L))));
        assertThat(read()).isEqualTo("p.weight_scale: BF16 [1999, 2] (expected: BF16 [2000, 2])");
        store(with("p.weight_scale", part -> scales(StoredType.F32, List.of(0L))));
        assertThat(read()).endsWith("p.weight_scale_byte2: missing (expected: a tensor of this name)");
        store(Stream.concat(
                        SparseWriter.parts(linear, StoredType.F32).stream()
                                .filter(part -> !part.tensor().name().equals("p.weight_scale")),
                        Stream.of(scales(StoredType.BF16, List.of(0L))))
                .toList());
        assertThat(read())
                .isEqualTo("p.weight_scale_byte2: present (expected: no such tensor beside coded BF16 scales)");
    }

    private static SparseWriter.Part scales(StoredType type, List<Long> shape) {
        OutputTensor tensor = new OutputTensor("p.weight_scale", type, shape);
        return new SparseWriter.Part(tensor, MemorySegment.ofArray(new byte[Math.toIntExact(tensor.bytes())]));
    }

    @Test
    void otherTypesAreNamed() throws IOException {
        store(with(
                "p.weight",
                part -> new SparseWriter.Part(
                        new OutputTensor(
                                "p.weight", StoredType.I8, part.tensor().shape()),
                        part.data())));
        assertThat(read()).matches("p\\.weight: I8 \\[\\d+\\] \\(expected: U8 \\[bytes\\]\\)");
        store(with("p.weight_scale", part -> scales(StoredType.I8, List.of(0L))));
        assertThat(read()).isEqualTo("p.weight_scale: I8 (expected: BF16, F16 or F32)");
        // All scales have the same higher byte, whose word is a one. Here a one is a byte with a sign.
        store(with("p.weight_scale_byte1_lengths", part -> {
            byte[] lengths = new byte[256];
            lengths[0x3C] = 1;
            lengths[0xBC] = 1;
            return new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(lengths));
        }));
        assertThat(read()).matches("p\\.weight_scale\\[0\\]: -0\\.0\\d+ \\(expected: positive and finite\\)");
    }

    /** Random bits and bytes of every tensor: no other exception, no endless loop. */
    @Test
    void noiseIsReadOrRefused() throws IOException {
        List<SparseWriter.Part> parts = parts();
        List<SparseWriter.Part> filled =
                parts.stream().filter(part -> part.tensor().bytes() > 0).toList();
        int refused = 0;
        for (int trial = 0; trial < 300; trial++) {
            SparseWriter.Part part = filled.get(trial % filled.size());
            byte[] data = bytes(part);
            for (int change = random.nextInt(3); change >= 0; change--) {
                data[random.nextInt(data.length)] ^= (byte) (1 << random.nextInt(8));
            }
            if (trial % 5 == 0) {
                byte[] noise = new byte[Math.min(data.length, 64)];
                random.nextBytes(noise);
                System.arraycopy(noise, 0, data, random.nextInt(data.length - noise.length + 1), noise.length);
            }
            store(replaced(parts, part, new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(data))));
            String message = read();
            refused += message == null ? 0 : 1;
            if (message != null) {
                assertThat(message)
                        .as("seed %d, trial %d", seed, trial)
                        .startsWith("p")
                        .contains("(expected: ");
            }
        }
        assertThat(refused).as("seed %d", seed).isBetween(100, 299);
    }

    private List<SparseWriter.Part> parts() {
        return SparseWriter.parts(linear, StoredType.BF16);
    }

    private SparseWriter.Part part(String tensor) {
        return parts().stream()
                .filter(part -> part.tensor().name().equals(tensor))
                .findFirst()
                .orElseThrow();
    }

    private List<SparseWriter.Part> with(String tensor, UnaryOperator<SparseWriter.Part> change) {
        return parts().stream()
                .map(part -> part.tensor().name().equals(tensor) ? change.apply(part) : part)
                .toList();
    }

    private static List<SparseWriter.Part> replaced(
            List<SparseWriter.Part> parts, SparseWriter.Part old, SparseWriter.Part changed) {
        List<SparseWriter.Part> all = new ArrayList<>(parts);
        all.set(all.indexOf(old), changed);
        return all;
    }

    private static SparseWriter.Part shortened(SparseWriter.Part part) {
        List<Long> shape = new ArrayList<>(part.tensor().shape());
        shape.set(0, shape.getFirst() - 1);
        OutputTensor tensor =
                new OutputTensor(part.tensor().name(), part.tensor().type(), shape);
        return new SparseWriter.Part(tensor, part.data().asSlice(0, tensor.bytes()));
    }

    private static SparseWriter.Part filled(SparseWriter.Part part, byte value) {
        byte[] data = bytes(part);
        Arrays.fill(data, value);
        return new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(data));
    }

    private static SparseWriter.Part shape(SparseWriter.Part part, long rows, long cols) {
        byte[] data = ByteBuffer.allocate(2 * Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(rows)
                .putLong(cols)
                .array();
        return new SparseWriter.Part(part.tensor(), MemorySegment.ofArray(data));
    }

    private static byte[] bytes(SparseWriter.Part part) {
        return part.data().toArray(ValueLayout.JAVA_BYTE);
    }

    private void store(List<SparseWriter.Part> parts) throws IOException {
        QuernSparseTest.store(folder, parts);
    }

    private @Nullable String read() {
        return read(GRID);
    }

    /** What is wrong; null where a linear was read. */
    private @Nullable String read(IntegerShape grid) {
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            FORMAT.read(output, P, grid);
            return null;
        } catch (QuernException e) {
            assertThat(e.code()).isIn(ErrorCode.OUTPUT_DAMAGED, ErrorCode.INVALID_CHECKPOINT);
            return e.getMessage();
        }
    }
}
