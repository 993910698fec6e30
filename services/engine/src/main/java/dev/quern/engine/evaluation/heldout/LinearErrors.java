package dev.quern.engine.evaluation.heldout;

import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * How far compressed linears W' are from what they were, W, on the inputs x that reach them in the compressed model:
 * Σ‖(W' - W) x‖² and Σ‖W x‖² over the tokens of a {@link TokenSample}, each times the tokens that it stands for. Their
 * ratio is what calibration gives as tr(E H Eᵀ) / tr(W H Wᵀ), on another text.
 *
 * <p>Sums are kept by window, in float64 and in the order of the tokens, so that the split of a text into parts changes
 * no bit of the ratios.
 */
public final class LinearErrors {
    private static final int HEADER = 2 * Integer.BYTES;

    private final int windows;
    private final Map<String, Sums> linears = new LinkedHashMap<>();

    /** Those of one linear, by window. */
    static final class Sums {
        private final double[] errors;
        private final double[] references;

        Sums(int windows) {
            errors = new double[windows];
            references = new double[windows];
        }

        /** Σ‖(W' - W) x‖² */
        double[] errors() {
            return errors;
        }

        /** Σ‖W x‖² */
        double[] references() {
            return references;
        }
    }

    public LinearErrors(int windows) {
        this.windows = windows;
    }

    /** Sums of another linear, still zero. */
    Sums add(String module) {
        Sums sums = new Sums(windows);
        linears.put(module, sums);
        return sums;
    }

    /**
     * The relative errors of all linears by module, in the order of the model; zero where the weights reach no output.
     *
     * @param shards in window order
     */
    public static Map<String, Double> relative(List<LinearErrors> shards) {
        Map<String, Double> relative = new LinkedHashMap<>();
        for (String module : shards.getFirst().linears.keySet()) {
            double error = 0;
            double reference = 0;
            for (LinearErrors shard : shards) {
                Sums sums = shard.of(module);
                for (int window = 0; window < shard.windows; window++) {
                    error += sums.errors()[window];
                    reference += sums.references()[window];
                }
            }
            relative.put(module, reference == 0 ? 0 : error / reference);
        }
        return Collections.unmodifiableMap(relative);
    }

    private Sums of(String module) {
        Sums sums = linears.get(module);
        if (sums == null) {
            throw new IllegalArgumentException(module + ": not measured (expected: the same linears in all shards)");
        }
        return sums;
    }

    /** What {@link #write} takes. */
    public int bytes() {
        int bytes = HEADER;
        for (String module : linears.keySet()) {
            bytes += Integer.BYTES + utf8(module).length + 2 * windows * Double.BYTES;
        }
        return bytes;
    }

    public void write(ByteBuffer out) {
        out.putInt(windows).putInt(linears.size());
        linears.forEach((module, sums) -> {
            byte[] name = utf8(module);
            out.putInt(name.length).put(name);
            for (double[] each : List.of(sums.errors(), sums.references())) {
                for (double sum : each) {
                    out.putDouble(sum);
                }
            }
        });
    }

    /**
     * Reads what was written, and leaves what follows.
     *
     * @throws IllegalArgumentException when it was not made by {@link #write}
     */
    public static LinearErrors read(ByteBuffer in) {
        require(in, HEADER);
        LinearErrors errors = new LinearErrors(in.getInt());
        int linears = in.getInt();
        for (int linear = 0; linear < linears; linear++) {
            String module = utf8(in);
            require(in, 2L * errors.windows * Double.BYTES);
            Sums sums = errors.add(module);
            for (double[] each : List.of(sums.errors(), sums.references())) {
                Arrays.setAll(each, window -> in.getDouble());
            }
        }
        return errors;
    }

    /** A text behind its length in bytes. */
    private static String utf8(ByteBuffer in) {
        require(in, Integer.BYTES);
        int length = in.getInt();
        require(in, length);
        byte[] bytes = new byte[length];
        in.get(bytes);
        return new String(bytes, StandardCharsets.UTF_8);
    }

    private static void require(ByteBuffer in, long bytes) {
        if (bytes < 0 || bytes > in.remaining()) {
            throw new IllegalArgumentException(
                    "linear errors: " + in.remaining() + " bytes (expected: two sums for each linear and window)");
        }
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
