package dev.quern.engine.format.quernsparse;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class QuernSparseTest {
    private static final QuernSparse FORMAT = new QuernSparse();
    private static final LinearId P = new LinearId("", "p");
    private static final IntegerShape W4 = new IntegerShape(4, 0, true);

    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);

    @TempDir
    Path folder;

    @ParameterizedTest
    @ValueSource(ints = {2, 3, 4, 5, 6, 7, 8})
    void whatIsWrittenReadsBack(int bits) throws IOException {
        for (int trial = 0; trial < 12; trial++) {
            int columns = 1 + random.nextInt(40);
            boolean grouped = random.nextBoolean();
            int cols = grouped ? columns * (1 + random.nextInt(9)) : 1 + random.nextInt(300);
            IntegerShape grid = new IntegerShape(bits, grouped ? columns : 0, random.nextBoolean());
            double density = List.of(0.0, 0.01, 0.3, 0.5, 0.9, 1.0).get(random.nextInt(6));
            int rows = 1 + random.nextInt(500);
            StoredType type =
                    List.of(StoredType.BF16, StoredType.F16, StoredType.F32).get(random.nextInt(3));
            CompressedLinear linear = SparseLinears.random(P, rows, cols, grid, density, random);

            assertReadsBack(
                    linear,
                    grid,
                    type,
                    "seed %d, trial %d: [%d, %d] on %s, density %s".formatted(seed, trial, rows, cols, grid, density));
        }
    }

    @ParameterizedTest
    @CsvSource({
        // One row, one column, one weight; runs of one row; a last run that is shorter; no full byte of a mask.
        "1, 100000, 4, 0, true",
        "300, 1, 3, 0, false",
        "1, 1, 2, 0, true",
        "3, 65537, 4, 0, true",
        "5, 40000, 8, 10000, false",
        "70000, 2, 4, 0, true",
        "9, 7, 5, 7, false"
    })
    void awkwardShapesReadBack(int rows, int cols, int bits, int group, boolean symmetric) throws IOException {
        IntegerShape grid = new IntegerShape(bits, group, symmetric);
        for (double density : new double[] {0, 0.1, 0.5, 1}) {
            CompressedLinear linear = SparseLinears.random(P, rows, cols, grid, density, random);
            assertReadsBack(linear, grid, StoredType.BF16, "seed %d, density %s".formatted(seed, density));
        }
    }

    @Test
    void rowsOfZerosAndAllOfThemReadBack() throws IOException {
        CompressedLinear linear = SparseLinears.random(P, 600, 256, W4, 0.5, random);
        byte[] codes = ((IntegerGrid) linear.core()).codes();
        Arrays.fill(codes, 256, 3 * 256, (byte) 8);
        Arrays.fill(codes, 300 * 256, 599 * 256, (byte) 8);
        assertReadsBack(linear, W4, StoredType.BF16, "seed " + seed);
        Arrays.fill(codes, (byte) 8);
        assertReadsBack(linear, W4, StoredType.BF16, "all zero");
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(bits(output, linear).total() * 8.0 / codes.length).isLessThan(0.25);
        }
    }

    /** The bound for results that are half pruned, at 4 bits. */
    @ParameterizedTest
    @ValueSource(ints = {0, 128, 64})
    void halfOfTheWeightsAtFourBitsTakeLessThan29(int group) throws IOException {
        IntegerShape grid = new IntegerShape(4, group, true);
        CompressedLinear linear = SparseLinears.pruned(P, 512, 4096, grid, random);
        assertReadsBack(linear, grid, StoredType.BF16, "seed " + seed);
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            WeightBytes bytes = bits(output, linear);
            double weights = 512 * 4096 / 8.0;
            assertThat(bytes.total() / weights)
                    .as(
                            "mask %.3f, codes %.3f, scales %.3f bits a weight, seed %d",
                            bytes.mask() / weights, bytes.codes() / weights, bytes.scales() / weights, seed)
                    .isLessThan(2.9);
            assertThat(bytes.mask() / weights).isLessThan(1.01);
        }
    }

    /** Six of sixteen patterns of four weights: log2(6) / 4 = 0.65 bits a weight. */
    @Test
    void aMaskOfTwoInFourTakesLessThanABit() throws IOException {
        CompressedLinear linear = SparseLinears.random(P, 512, 2048, W4, 1, random);
        byte[] codes = ((IntegerGrid) linear.core()).codes();
        for (int i = 0; i < codes.length; i += 4) {
            int first = random.nextInt(4);
            int second = (first + 1 + random.nextInt(3)) % 4;
            for (int k = 0; k < 4; k++) {
                boolean kept = k == first || k == second;
                codes[i + k] = kept && codes[i + k] == 8 ? 9 : kept ? codes[i + k] : 8;
            }
        }
        assertReadsBack(linear, W4, StoredType.BF16, "seed " + seed);
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(bits(output, linear).mask() * 8.0 / codes.length).isLessThan(0.67);
        }
    }

    /** Evenly distributed codes without zeros to speak of are packed as they are, without a mask. */
    @Test
    void denseCodesAreNoLargerThanPackedOnes() throws IOException {
        CompressedLinear linear = SparseLinears.random(P, 256, 1024, W4, 1, random);
        byte[] codes = ((IntegerGrid) linear.core()).codes();
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(16);
        }
        assertReadsBack(linear, W4, StoredType.BF16, "seed " + seed);
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(output.has("p.weight_mask")).isFalse();
            assertThat(output.has("p.weight_lengths")).isFalse();
            assertThat(output.entry("p.weight").bytes()).isEqualTo(codes.length / 2);
        }
    }

    @ParameterizedTest
    @CsvSource({
        // Coded with a mask, mask and codes packed, no mask; several runs, the last one shorter.
        "1100, 130, 4, true, 0.5",
        "700, 100, 4, false, 0.1",
        "40, 9, 8, true, 0.5",
        "900, 80, 3, true, 1"
    })
    void aReaderThatFollowsTheDocumentationFindsTheSame(int rows, int cols, int bits, boolean symmetric, double density)
            throws IOException {
        IntegerShape grid = new IntegerShape(bits, 0, symmetric);
        CompressedLinear linear = SparseLinears.random(P, rows, cols, grid, density, random);
        IntegerGrid core = (IntegerGrid) linear.core();
        int[] zeros = new int[rows * cols];
        Arrays.setAll(zeros, i -> core.zeros()[i / cols] & 0xFF);
        int[] codes = new int[rows * cols];
        Arrays.setAll(codes, i -> core.codes()[i] & 0xFF);
        store(tensors(linear, StoredType.BF16));

        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(new PlainReader(output, "p", bits).codes(rows, cols, zeros))
                    .as("seed %d", seed)
                    .isEqualTo(codes);
        }
    }

    /** Several runs, the last one shorter; scales of every type, of which each byte is coded or packed. */
    @ParameterizedTest
    @CsvSource({"BF16, true", "F16, false", "F32, true"})
    void scalesAreCodedAsTheDocumentationSays(StoredType type, boolean symmetric) throws IOException {
        IntegerShape grid = new IntegerShape(4, 16, symmetric);
        CompressedLinear linear = withScales(SparseLinears.random(P, 1300, 160, grid, 0.5, random), type);
        byte[] plain = plainScales(linear, type).data().toArray(ValueLayout.JAVA_BYTE);
        assertReadsBack(linear, grid, type, "seed " + seed);

        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(output.entry("p.weight_scale").type()).isEqualTo(type);
            assertThat(output.entry("p.weight_scale").shape()).containsExactly(0L);
            assertThat(output.has("p.weight_scale_byte0_lengths"))
                    .as("the lowest bits of bf16 alone are uneven")
                    .isEqualTo(type == StoredType.BF16);
            assertThat(output.has("p.weight_scale_byte" + (type.bits() / 8 - 1) + "_lengths"))
                    .isTrue();
            assertThat(new PlainReader(output, "p", 4).scales(1300, 160, 10, type.bits() / 8))
                    .as("seed %d", seed)
                    .isEqualTo(plain);
            assertThat(bits(output, linear).scales()).isLessThan(plain.length);
        }
    }

    /** A few scales, and earlier builds all of them: a tensor of their own. */
    @ParameterizedTest
    @ValueSource(ints = {3, 1300})
    void plainScalesAreRead(int rows) throws IOException {
        IntegerShape grid = new IntegerShape(4, 16, false);
        CompressedLinear linear = SparseLinears.random(P, rows, 160, grid, 0.5, random);
        List<SparseWriter.Part> written = tensors(linear, StoredType.BF16);
        SparseWriter.Part plain = plainScales(linear, StoredType.BF16);
        assertThat(written.stream().map(part -> part.tensor()).toList().contains(plain.tensor()))
                .isEqualTo(rows == 3);
        store(Stream.concat(
                        written.stream().filter(part -> !part.tensor().name().startsWith("p.weight_scale")),
                        Stream.of(plain))
                .toList());

        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(FORMAT.read(output, P, grid).core().sameAs(linear.core()))
                    .as("seed %d", seed)
                    .isTrue();
            assertThat(bits(output, linear).scales()).isEqualTo(2L * rows * 10);
        }
    }

    /** The same linear with scales that are spread over an octave and fill the type. */
    private CompressedLinear withScales(CompressedLinear linear, StoredType type) {
        IntegerGrid core = (IntegerGrid) linear.core();
        int unused = type == StoredType.BF16 ? 16 : type == StoredType.F16 ? 13 : 0;
        for (int i = 0; i < core.scales().length; i++) {
            float scale = (float) Math.exp(0.15 * random.nextGaussian() - 5);
            core.scales()[i] = Float.intBitsToFloat(Float.floatToRawIntBits(scale) >>> unused << unused);
        }
        return linear;
    }

    /** Scales as they are without a code. */
    private static SparseWriter.Part plainScales(CompressedLinear linear, StoredType type) {
        String name = P + Scales.NAME;
        return new SparseWriter.Part(
                new OutputTensor(name, type, List.of((long) linear.rows(), (long) linear.groups())),
                Scales.encode(name, ((IntegerGrid) linear.core()).scales(), type));
    }

    @Test
    void aLinearHasTheSameBytesEveryTime() throws IOException {
        CompressedLinear linear = SparseLinears.random(P, 100, 700, W4, 0.5, random);
        store(tensors(linear, StoredType.BF16));
        byte[] first = Files.readAllBytes(folder.resolve("model.safetensors"));
        store(tensors(linear, StoredType.BF16));

        assertThat(folder.resolve("model.safetensors")).hasBinaryContent(first);
    }

    @Test
    void theConfigNamesTheModulesOfEachGridAndReadsBack() {
        LinearId q = new LinearId("model.layers.0.", "q");
        LinearId kept = new LinearId("model.layers.0.", "k");
        LinearId v = new LinearId("model.layers.0.", "v");
        Map<LinearId, Optional<IntegerShape>> linears = new LinkedHashMap<>();
        linears.put(q, Optional.of(W4));
        linears.put(kept, Optional.empty());
        linears.put(v, Optional.of(new IntegerShape(3, 64, false)));
        GridMap grids = new GridMap(linears);

        JsonObject config = FORMAT.quantizationConfig(grids);

        assertThat(config).isEqualTo(Json.parse("""
                {"quant_method": "quern-sparse", "version": 1, "grids": [
                  {"bits": 4, "group_size": 0, "symmetric": true, "modules": ["model.layers.0.q"]},
                  {"bits": 3, "group_size": 64, "symmetric": false, "modules": ["model.layers.0.v"]}]}
                """));
        assertThat(FORMAT.grids(config, List.of(q, kept, v))).isEqualTo(grids);
        assertThatThrownBy(() -> FORMAT.grids(config.with("version", 2), List.of(q, kept, v)))
                .hasMessageStartingWith("config.json: quantization_config: {")
                .hasMessageEndingWith("(expected: a block that Quern writes for the linears of this model)");
        assertThatThrownBy(() -> FORMAT.grids(config, List.of(q, kept))).hasMessageContaining("model.layers.0.v");
    }

    @Test
    void whatDoesNotFitIsRefusedWithTheReason() {
        assertThat(FORMAT.refusal(P, 8, 96, new IntegerShape(4, 64, true)))
                .contains("p: 96 columns (expected: a multiple of grid.groupSize 64)");
        assertThat(FORMAT.refusal(P, 8, 96, new IntegerShape(9, 0, true))).contains("grid.bits: 9 (expected: 2 to 8)");
        assertThat(FORMAT.refusal(P, 1 << 16, 1 << 16, W4))
                .contains("p: 4294967296 weights (expected: less than 2^31)");
        assertThat(FORMAT.refusal(P, 1, 1 << 28, W4)).contains("p: 268435456 columns (expected: at most 2^27)");
    }

    private void assertReadsBack(CompressedLinear linear, IntegerShape grid, StoredType type, String what)
            throws IOException {
        store(tensors(linear, type));
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(FORMAT.modules(output)).containsExactly("p");
            CompressedLinear read = FORMAT.read(output, P, grid);
            assertThat(List.of(read.rows(), read.cols())).as(what).containsExactly(linear.rows(), linear.cols());
            assertThat(read.core().sameAs(linear.core())).as(what).isTrue();
            assertThat(bits(output, linear).total())
                    .as(what)
                    .isLessThanOrEqualTo(FORMAT.bytes(linear.rows(), linear.cols(), grid, type, kept(linear)));
        }
    }

    private static long kept(CompressedLinear linear) {
        return Math.round((1 - linear.sparsity()) * linear.rows() * linear.cols());
    }

    private static WeightBytes bits(Checkpoint output, CompressedLinear linear) {
        return FORMAT.weightBytes(output, linear.id());
    }

    private static List<SparseWriter.Part> tensors(CompressedLinear linear, StoredType type) {
        return SparseWriter.parts(linear, type);
    }

    private void store(List<SparseWriter.Part> parts) throws IOException {
        store(folder, parts);
    }

    static void store(Path folder, List<SparseWriter.Part> parts) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Files.deleteIfExists(file);
        Files.writeString(folder.resolve("config.json"), "{}");
        List<OutputTensor> tensors =
                parts.stream().map(SparseWriter.Part::tensor).toList();
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, tensors)) {
            for (SparseWriter.Part part : parts) {
                writer.write(part.tensor().name(), part.data());
            }
            writer.commit();
        }
    }
}
