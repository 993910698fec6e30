package dev.quern.engine.compress;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.SmallFloats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.GridCodes;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HexFormat;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Plain rounding against the vectors that the reference library wrote: bf16 weights [32, 64], group 32. */
class GoldenGridTest {
    private static final int ROWS = 32;
    private static final int COLS = 64;
    private static final int GROUP = 32;
    private static final JsonObject VECTORS = vectors();

    static Stream<Arguments> grids() {
        return IntStream.rangeClosed(2, 8)
                .boxed()
                .flatMap(bits -> Stream.of(Arguments.of(bits, true), Arguments.of(bits, false)));
    }

    /**
     * The library divides in bf16, where quotients fall on ties that float32 tells apart: there ours may be one off,
     * and nearer.
     */
    @ParameterizedTest(name = "{0} bits, symmetric {1}")
    @MethodSource("grids")
    void scalesAndCodesAreTheReferences(int bits, boolean symmetric) {
        JsonObject golden = golden(bits, symmetric);
        try (Lab lab = new Lab(DType.F32, 0)) {
            double[][] w = bf16(VECTORS, "weight_bf16_bits", COLS);
            GridOptions grid = new GridOptions(bits, GROUP, symmetric, false, null);
            GridCodes ours = GridCodes.nearest(lab.backend, lab.scope, lab.tensor(w), grid, Cancellation.NEVER);
            Tensor rounded = lab.scope.allocate(DType.BF16, ROWS, COLS / GROUP);
            lab.backend.memory().copy(ours.scales(), rounded);
            double[][] scales = bf16(golden, "scale_bf16_bits", COLS / GROUP);
            assertThat(Lab.array(rounded)).isDeepEqualTo(scales);

            double[][] zeros = numbers(golden, "zp_u", COLS / GROUP);
            Tensor codes = lab.scope.allocate(DType.U8, ROWS, COLS);
            lab.backend
                    .rounding()
                    .roundToNearest(lab.tensor(w), grid, lab.tensor(scales), lab.tensor(DType.U8, zeros), codes);
            double[][] u = Lab.array(codes);
            double[][] theirs = numbers(golden, "codes_u", COLS);
            for (int r = 0; r < ROWS; r++) {
                for (int c = 0; c < COLS; c++) {
                    double scale = scales[r][c / GROUP];
                    double zero = zeros[r][c / GROUP];
                    double steps = w[r][c] / scale + zero;
                    assertThat(Math.abs(u[r][c] - theirs[r][c])).isLessThanOrEqualTo(1);
                    assertThat(Math.abs(steps - u[r][c])).isLessThanOrEqualTo(Math.abs(steps - theirs[r][c]));
                    // Where bf16 is not in doubt, neither are we.
                    double inBf16 = SmallFloats.bf16ToFloat(SmallFloats.doubleToBf16(w[r][c] / scale));
                    if (Math.rint(inBf16) == Math.rint(w[r][c] / scale) && symmetric) {
                        assertThat(u[r][c]).isEqualTo(theirs[r][c]);
                    }
                }
            }
        }
    }

    @ParameterizedTest(name = "{0} bits, symmetric {1}")
    @MethodSource("grids")
    void decodesToTheReferencesBf16Bits(int bits, boolean symmetric) {
        JsonObject golden = golden(bits, symmetric);
        try (Lab lab = new Lab(DType.F32, 0)) {
            IntegerGrid core = new IntegerGrid(
                    bits,
                    GROUP,
                    symmetric,
                    bytes(numbers(golden, "codes_u", COLS)),
                    bytes(numbers(golden, "zp_u", COLS / GROUP)),
                    floats(bf16(golden, "scale_bf16_bits", COLS / GROUP)));
            CompressedLinear linear = new CompressedLinear(new LinearId("", "w"), ROWS, COLS, core);
            assertThat(Lab.array(linear.decode(lab.backend, lab.scope, DType.BF16)))
                    .isDeepEqualTo(bf16(golden, "dequant_bf16_bits", COLS));
        }
    }

    private static JsonObject golden(int bits, boolean symmetric) {
        return (JsonObject) VECTORS.members().get("int" + bits + (symmetric ? "_sym" : "_asym"));
    }

    private static JsonObject vectors() {
        try {
            return (JsonObject) Json.parse(Files.readString(Path.of("src/test/resources/golden/vectors.json")));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static double[][] bf16(JsonObject object, String name, int cols) {
        JsonArray values = (JsonArray) object.members().get(name);
        double[][] matrix = new double[values.size() / cols][cols];
        for (int i = 0; i < values.size(); i++) {
            int bits = HexFormat.fromHexDigits(((JsonString) values.get(i)).value());
            matrix[i / cols][i % cols] = SmallFloats.bf16ToFloat((short) bits);
        }
        return matrix;
    }

    private static double[][] numbers(JsonObject object, String name, int cols) {
        JsonArray values = (JsonArray) object.members().get(name);
        double[][] matrix = new double[values.size() / cols][cols];
        for (int i = 0; i < values.size(); i++) {
            matrix[i / cols][i % cols] = Double.parseDouble(((JsonNumber) values.get(i)).text());
        }
        return matrix;
    }

    private static byte[] bytes(double[][] matrix) {
        byte[] bytes = new byte[matrix.length * matrix[0].length];
        for (int i = 0; i < bytes.length; i++) {
            bytes[i] = (byte) matrix[i / matrix[0].length][i % matrix[0].length];
        }
        return bytes;
    }

    private static float[] floats(double[][] matrix) {
        float[] floats = new float[matrix.length * matrix[0].length];
        for (int i = 0; i < floats.length; i++) {
            floats[i] = (float) matrix[i / matrix[0].length][i % matrix[0].length];
        }
        return floats;
    }
}
