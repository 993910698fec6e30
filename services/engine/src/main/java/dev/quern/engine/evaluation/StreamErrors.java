package dev.quern.engine.evaluation;

import dev.quern.engine.backend.host.HostTensor;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * How far the hidden states h' of a compressed model are from those of the original, h, at each block boundary: the
 * entry of the first block, then after every block. The error of a token is ‖h' - h‖ / ‖h‖, and tokens count alike. A
 * ratio of sums of squares over all tokens would say little: the first token of a window may have states that are
 * hundreds of times as large as all others, so it alone would decide.
 *
 * <p>Sums are kept by window, in float64 and in the order of the tokens, so that the split of a text into parts changes
 * no bit of the means.
 */
final class StreamErrors {
    private static final int HEADER = 3 * Integer.BYTES;
    /** States that are further apart than the original's are from zero have no axes in common. */
    private static final double UNRELATED = 1;

    private final int windows;
    private final int seqLen;
    /** [boundaries, windows] */
    private final double[][] sums;

    /** @param boundaries blocks + 1; 0 where nothing is measured */
    StreamErrors(int windows, int seqLen, int boundaries) {
        this.windows = windows;
        this.seqLen = seqLen;
        this.sums = new double[boundaries][windows];
    }

    /**
     * Measures one boundary.
     *
     * @param original hidden states of all windows, [tokens, hidden]
     * @param axes turns a state of the original, in place, into the axes of the compressed model's
     */
    void measure(int boundary, HostTensor original, HostTensor compressed, Consumer<double[]> axes) {
        for (int window = 0; window < windows; window++) {
            double sum = 0;
            for (int token = window * seqLen; token < (window + 1) * seqLen; token++) {
                double[] expected = original.row(token);
                axes.accept(expected);
                sum += error(expected, compressed.row(token));
            }
            sums[boundary][window] = sum;
        }
    }

    /** ‖h' - h‖ / ‖h‖; a state that should be zero and is not counts as wholly wrong. */
    private static double error(double[] original, double[] compressed) {
        double difference = 0;
        double reference = 0;
        for (int i = 0; i < original.length; i++) {
            double d = compressed[i] - original[i];
            difference += d * d;
            reference += original[i] * original[i];
        }
        return reference == 0 ? Math.signum(difference) : Math.sqrt(difference / reference);
    }

    /**
     * The mean over all tokens after each block, in order.
     *
     * @param shards in window order
     * @return null where nothing was measured, a state is not finite, or the states that enter the first block have
     *     axes that are not known, as those of a rotated model of another tool
     */
    static @Nullable List<Double> means(List<StreamErrors> shards) {
        int boundaries =
                shards.stream().mapToInt(shard -> shard.sums.length).min().orElse(0);
        if (boundaries == 0 || mean(shards, 0) > UNRELATED) {
            return null;
        }
        List<Double> means = IntStream.range(1, boundaries)
                .mapToObj(boundary -> mean(shards, boundary))
                .toList();
        return means.stream().allMatch(Double::isFinite) ? means : null;
    }

    private static double mean(List<StreamErrors> shards, int boundary) {
        double sum = 0;
        long tokens = 0;
        for (StreamErrors shard : shards) {
            for (double window : shard.sums[boundary]) {
                sum += window;
            }
            tokens += (long) shard.windows * shard.seqLen;
        }
        return sum / tokens;
    }

    /** What {@link #write} takes. */
    int bytes() {
        return HEADER + sums.length * windows * Double.BYTES;
    }

    void write(ByteBuffer out) {
        out.putInt(windows).putInt(seqLen).putInt(sums.length);
        for (double[] boundary : sums) {
            for (double sum : boundary) {
                out.putDouble(sum);
            }
        }
    }

    /** @throws IllegalArgumentException when what remains was not made by {@link #write} */
    static StreamErrors read(ByteBuffer in) {
        if (in.remaining() < HEADER) {
            throw refused(in);
        }
        int windows = in.getInt();
        int seqLen = in.getInt();
        int boundaries = in.getInt();
        if (windows < 0 || boundaries < 0 || in.remaining() != (long) windows * boundaries * Double.BYTES) {
            throw refused(in);
        }
        StreamErrors errors = new StreamErrors(windows, seqLen, boundaries);
        for (double[] boundary : errors.sums) {
            for (int window = 0; window < windows; window++) {
                boundary[window] = in.getDouble();
            }
        }
        return errors;
    }

    private static IllegalArgumentException refused(ByteBuffer in) {
        return new IllegalArgumentException(
                "stream errors: " + in.remaining() + " bytes (expected: a sum for each boundary and window)");
    }
}
