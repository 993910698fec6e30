package dev.quern.engine.format.compressedtensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.GoldenVectors;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.safetensors.SafetensorsFolder;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.Formats;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class CompressedTensorsTest {
    private static final CompressedTensors FORMAT = new CompressedTensors();
    private static final SafetensorsFolder FOLDER = new SafetensorsFolder(FORMAT);
    private static final LinearId P = new LinearId("", "p");
    private static final LinearId Q = new LinearId("m.", "q_proj");

    @TempDir
    Path folder;

    static List<IntegerShape> grids() {
        List<IntegerShape> grids = new ArrayList<>();
        for (int bits = 2; bits <= 8; bits++) {
            grids.add(new IntegerShape(bits, GoldenVectors.GROUP, true));
            grids.add(new IntegerShape(bits, GoldenVectors.GROUP, false));
        }
        return grids;
    }

    @ParameterizedTest
    @MethodSource("grids")
    void tensorsAreByteEqualToTheLibrarys(IntegerShape grid) throws IOException {
        String name = "int" + grid.bits() + (grid.symmetric() ? "_sym" : "_asym");
        Map<String, byte[]> written = write(golden(name, grid), StoredType.BF16);

        assertThat(written.get("p.weight_packed")).isEqualTo(GoldenVectors.words(name, "ct", "weight_packed", "data"));
        assertThat(written.get("p.weight_shape")).isEqualTo(shape(32, 64));
        if (grid.symmetric()) {
            assertThat(written).hasSize(3);
        } else {
            assertThat(written.get("p.weight_zero_point"))
                    .isEqualTo(GoldenVectors.words(name, "ct", "weight_zero_point", "data"));
        }
        float[] scales = GoldenVectors.bf16(name, "ct", "weight_scale", "data");
        byte[] expected = new byte[scales.length * 2];
        for (int i = 0; i < scales.length; i++) {
            int bits = Float.floatToRawIntBits(scales[i]) >>> 16;
            expected[2 * i] = (byte) bits;
            expected[2 * i + 1] = (byte) (bits >>> 8);
        }
        assertThat(written.get("p.weight_scale")).isEqualTo(expected);
    }

    @ParameterizedTest
    @MethodSource("grids")
    void whatIsWrittenReadsBack(IntegerShape grid) throws IOException {
        String name = "int" + grid.bits() + (grid.symmetric() ? "_sym" : "_asym");
        CompressedLinear linear = golden(name, grid);
        store(linear, grid, StoredType.BF16, Map.of());
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThat(FORMAT.modules(output)).containsExactly("p");
            assertSame(FORMAT.read(output, P, grid), linear);
        }
    }

    /** Shapes that fill no word, one scale per row, and scales of every dtype. */
    @ParameterizedTest
    @CsvSource({
        "3, 7, 3, 0, false, F16",
        "5, 12, 5, 4, false, F32",
        "1, 1, 2, 0, true, BF16",
        "33, 9, 7, 3, false, BF16"
    })
    void awkwardShapesReadBack(int rows, int cols, int bits, int group, boolean symmetric, StoredType type)
            throws IOException {
        IntegerShape grid = new IntegerShape(bits, group, symmetric);
        int groups = grid.groups(cols);
        byte[] codes = new byte[rows * cols];
        byte[] zeros = new byte[rows * groups];
        float[] scales = new float[rows * groups];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) (i * 5 % (1 << bits));
        }
        for (int i = 0; i < zeros.length; i++) {
            zeros[i] = (byte) (symmetric ? 1 << (bits - 1) : i * 3 % (1 << bits));
            scales[i] = (1 + i % 128) * 0x1p-13f;
        }
        CompressedLinear linear =
                new CompressedLinear(P, rows, cols, new IntegerGrid(bits, group, symmetric, codes, zeros, scales));
        store(linear, grid, type, Map.of());
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertSame(FORMAT.read(output, P, grid), linear);
        }
    }

    @Test
    void theConfigIsTheMinimalBlock() {
        JsonObject group = FORMAT.quantizationConfig(one(new IntegerShape(4, 128, true)));
        assertThat(group).isEqualTo(Json.parse("""
                {"quant_method": "compressed-tensors", "version": "0.17.0", "format": "pack-quantized", "quantization_status": "compressed",
                  "global_compression_ratio": null, "kv_cache_scheme": null, "ignore": ["lm_head"],
                  "config_groups": {"group_0": {"targets": ["Linear"], "input_activations": null, "output_activations": null,
                    "weights": {"num_bits": 4, "type": "int", "symmetric": true, "strategy": "group", "group_size": 128, "dynamic": false, "actorder": null},
                    "format": "pack-quantized"}}}
                """));
        assertThat(Json.write(FORMAT.quantizationConfig(one(new IntegerShape(8, 0, false)))))
                .contains(
                        "\"num_bits\":8,\"type\":\"int\",\"symmetric\":false,\"strategy\":\"channel\",\"dynamic\":false")
                .doesNotContain("group_size");
    }

    /** vLLM looks for the class of a fused layer before the names of its parts: "Linear" beside names would win. */
    @Test
    void severalGridsNameTheirLinears() {
        GridMap grids = grids(Map.of(
                "0.self_attn.q_proj", Optional.of(new IntegerShape(4, 64, true)),
                "0.mlp.up_proj", Optional.empty(),
                "0.mlp.down_proj", Optional.of(new IntegerShape(8, 128, true)),
                "1.self_attn.q_proj", Optional.of(new IntegerShape(4, 64, true)),
                "1.mlp.up_proj", Optional.of(new IntegerShape(4, 64, true)),
                "1.mlp.down_proj", Optional.of(new IntegerShape(3, 128, true))));

        JsonObject config = FORMAT.quantizationConfig(grids);

        assertThat(Json.write(config))
                .contains("\"ignore\":[\"lm_head\",\"model.layers.0.mlp.up_proj\"]")
                .contains("\"targets\":[\"re:.*\\\\.self_attn\\\\.q_proj$\",\"re:.*\\\\.mlp\\\\.up_proj$\"]")
                .contains("\"targets\":[\"model.layers.0.mlp.down_proj\"]")
                .contains("\"targets\":[\"model.layers.1.mlp.down_proj\"]");
        assertThat(FORMAT.grids(config, List.copyOf(grids.linears().keySet()))).isEqualTo(grids);
    }

    @Test
    void theConfigReadsBack() {
        List<LinearId> linears = List.of(new LinearId("model.layers.0.", "p"));
        for (IntegerShape grid : List.of(new IntegerShape(4, 128, true), new IntegerShape(3, 0, false))) {
            JsonObject config = FORMAT.quantizationConfig(one(grid));
            assertThat(FORMAT.grids(config, linears)).isEqualTo(one(grid));
            JsonObject groups = (JsonObject) config.get("config_groups");
            JsonObject earlier = config.with(
                    "config_groups", groups.with("group_0", ((JsonObject) groups.get("group_0")).without("format")));
            assertThat(FORMAT.grids(earlier, linears)).as("as written before").isEqualTo(one(grid));
        }
        JsonObject other =
                FORMAT.quantizationConfig(one(new IntegerShape(4, 128, true))).with("format", "int-quantized");
        assertThatThrownBy(() -> FORMAT.grids(other, linears))
                .isInstanceOf(QuernException.class)
                .hasMessageStartingWith("config.json: quantization_config: {")
                .hasMessageEndingWith("(expected: a block that Quern writes)");
    }

    @Test
    void whatDoesNotFitIsRefusedWithTheReason() {
        assertThat(FORMAT.refusal(Q, 8, 256, new IntegerShape(4, 128, true))).isEmpty();
        assertThatThrownBy(() -> FOLDER.requireAccepted(Q, 8, 96, new IntegerShape(4, 64, true)))
                .hasMessage("m.q_proj: 96 columns (expected: a multiple of grid.groupSize 64)");
        assertThatThrownBy(() -> FOLDER.requireAccepted(Q, 8, 96, new IntegerShape(9, 0, true)))
                .hasMessage("grid.bits: 9 (expected: 2 to 8)");
        assertThat(FORMAT.refusal(Q, 1 << 16, 1 << 16, new IntegerShape(4, 0, true)))
                .contains("m.q_proj: 4294967296 weights (expected: less than 2^31)");
    }

    @Test
    void aScaleThatTheDtypeRoundsIsADefect() {
        CompressedLinear linear = new CompressedLinear(
                P, 1, 1, new IntegerGrid(4, 0, true, new byte[1], new byte[] {8}, new float[] {1.001f}));
        assertThatThrownBy(() -> write(linear, StoredType.BF16))
                .hasMessage("p.weight_scale[0]: 1.001 (expected: exact in BF16)");
    }

    @Test
    void damageIsNamed() throws IOException {
        IntegerShape grid = new IntegerShape(3, 0, true);
        CompressedLinear linear = new CompressedLinear(
                P, 1, 3, new IntegerGrid(3, 0, true, new byte[3], new byte[] {4}, new float[] {1}));
        damaged(
                linear,
                grid,
                "p.weight_packed",
                new byte[] {0, 2, 0, 0},
                "p.weight_packed: bits after the last code of a row (expected: zeros)");
        damaged(linear, grid, "p.weight_scale", new byte[2], "p.weight_scale[0]: 0.0 (expected: positive and finite)");
        damaged(linear, grid, "p.weight_shape", shape(2, 3), "p.weight_packed: I32 [1, 1] (expected: I32 [2, 1])");
        damaged(linear, grid, "p.weight_shape", shape(0, 3), "p.weight_shape: [0, 3] (expected: rows and columns)");
    }

    private static byte[] shape(int rows, int cols) {
        return new WeightShape(rows, cols).bytes().toArray(ValueLayout.JAVA_BYTE);
    }

    private void damaged(CompressedLinear linear, IntegerShape grid, String tensor, byte[] data, String message)
            throws IOException {
        Files.deleteIfExists(folder.resolve("model.safetensors"));
        store(linear, grid, StoredType.BF16, Map.of(tensor, data));
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            assertThatThrownBy(() -> FORMAT.read(output, P, grid)).hasMessage(message);
        }
    }

    @Test
    void formatsAreFoundByName() {
        assertThat(OutputFormats.ALL).extracting(OutputFormat::name).containsExactlyInAnyOrderElementsOf(Formats.ALL);
        assertThat(OutputFormats.of("compressed-tensors")).isEqualTo(FOLDER);
        assertThatThrownBy(() -> OutputFormats.of("gguf"))
                .hasMessage("outputs.format: gguf (expected one of: compressed-tensors, quern-sparse)");
    }

    private static CompressedLinear golden(String name, IntegerShape grid) {
        return new CompressedLinear(
                P,
                GoldenVectors.ROWS,
                GoldenVectors.COLS,
                new IntegerGrid(
                        grid.bits(),
                        grid.groupSize(),
                        grid.symmetric(),
                        GoldenVectors.bytes(name, "codes_u"),
                        GoldenVectors.bytes(name, "zp_u"),
                        GoldenVectors.bf16(name, "scale_bf16_bits")));
    }

    private static Map<String, byte[]> write(CompressedLinear linear, StoredType type) throws IOException {
        Map<String, byte[]> written = new LinkedHashMap<>();
        FORMAT.write(linear, type, (name, data) -> written.put(name, data.toArray(ValueLayout.JAVA_BYTE)));
        return written;
    }

    private void store(CompressedLinear linear, IntegerShape grid, StoredType type, Map<String, byte[]> replaced)
            throws IOException {
        Files.writeString(folder.resolve("config.json"), "{}");
        List<OutputTensor> tensors = FORMAT.tensors(P, linear.rows(), linear.cols(), grid, type);
        try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve("model.safetensors"), tensors)) {
            for (Map.Entry<String, byte[]> tensor : write(linear, type).entrySet()) {
                byte[] data = replaced.getOrDefault(tensor.getKey(), tensor.getValue());
                writer.write(tensor.getKey(), MemorySegment.ofArray(data));
            }
            writer.commit();
        }
    }

    private static void assertSame(CompressedLinear actual, CompressedLinear expected) {
        IntegerGrid a = (IntegerGrid) actual.core();
        IntegerGrid b = (IntegerGrid) expected.core();
        assertThat(List.of(actual.id(), actual.rows(), actual.cols(), a.shape()))
                .isEqualTo(List.of(expected.id(), expected.rows(), expected.cols(), b.shape()));
        assertThat(Arrays.mismatch(a.codes(), b.codes())).isEqualTo(-1);
        assertThat(Arrays.mismatch(a.zeros(), b.zeros())).isEqualTo(-1);
        assertThat(Arrays.mismatch(a.scales(), b.scales())).isEqualTo(-1);
    }

    private static GridMap one(IntegerShape grid) {
        return grids(Map.of("0.p", Optional.of(grid)));
    }

    /** @param linears by block and name, as in {@code 0.mlp.down_proj} */
    private static GridMap grids(Map<String, Optional<IntegerShape>> linears) {
        Map<LinearId, Optional<IntegerShape>> ids = new LinkedHashMap<>();
        new TreeMap<>(linears).forEach((name, grid) -> {
            int dot = name.indexOf('.') + 1;
            ids.put(new LinearId("model.layers." + name.substring(0, dot), name.substring(dot)), grid);
        });
        return new GridMap(ids);
    }
}
