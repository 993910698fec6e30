package dev.quern.engine.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.host.HostTensor;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreamErrorsTest {
    private static final int WINDOWS = 7;
    private static final int SEQ_LEN = 5;
    private static final int HIDDEN = 24;

    private final long seed = System.nanoTime();
    private final SplittableRandom random = new SplittableRandom(seed);

    @ParameterizedTest
    @EnumSource(
            value = DType.class,
            names = {"F32", "F64"})
    void theMeanIsThatOfTheTokens(DType type) {
        double[][] original = states();
        double[][] compressed = near(original, 0.3);
        StreamErrors errors = new StreamErrors(WINDOWS, SEQ_LEN, 2);
        errors.measure(
                0, tensor(type, original, 0, WINDOWS), tensor(type, original, 0, WINDOWS), StreamErrorsTest::same);
        errors.measure(
                1, tensor(type, original, 0, WINDOWS), tensor(type, compressed, 0, WINDOWS), StreamErrorsTest::same);

        double expected = IntStream.range(0, original.length)
                .mapToDouble(token -> Math.sqrt(
                        distance(original[token], compressed[token]) / distance(original[token], new double[HIDDEN])))
                .average()
                .orElseThrow();
        assertThat(StreamErrors.means(List.of(errors)))
                .as("seed %d", seed)
                .singleElement()
                .satisfies(mean -> assertThat(mean).isCloseTo(expected, within(1e-6)));
        assertThat(expected).isGreaterThan(0.2);
    }

    /** The first token of a window may be hundreds of times as large as all others. */
    @Test
    void aTokenOfGreatSizeCountsAsAnyOther() {
        double[][] original = states();
        double[][] compressed = near(original, 0.3);
        List<Double> before = means(original, compressed);
        for (int token = 0; token < original.length; token += SEQ_LEN) {
            for (int i = 0; i < HIDDEN; i++) {
                original[token][i] *= 512;
                compressed[token][i] *= 512;
            }
        }

        assertThat(means(original, compressed)).as("seed %d", seed).isEqualTo(before);
    }

    @Test
    void aSplitIntoPartsChangesNoBit() {
        double[][] original = states();
        double[][] compressed = near(original, 0.3);
        List<Double> whole = means(original, compressed);
        for (int cut = 1; cut < WINDOWS; cut++) {
            List<StreamErrors> parts = new ArrayList<>();
            for (int[] part : new int[][] {{0, cut}, {cut, WINDOWS}}) {
                StreamErrors errors = new StreamErrors(part[1] - part[0], SEQ_LEN, 2);
                errors.measure(
                        1,
                        tensor(DType.F64, original, part[0], part[1]),
                        tensor(DType.F64, compressed, part[0], part[1]),
                        StreamErrorsTest::same);
                parts.add(stored(errors));
            }
            assertThat(StreamErrors.means(parts))
                    .as("seed %d, cut at %d", seed, cut)
                    .isEqualTo(whole);
        }
    }

    /** The rotation of another tool is not known, so the distance to the states of such a model says nothing. */
    @Test
    void statesOfUnknownAxesAreNotMeasured() {
        double[][] original = states();
        StreamErrors errors = new StreamErrors(WINDOWS, SEQ_LEN, 2);
        errors.measure(
                0,
                tensor(DType.F64, original, 0, WINDOWS),
                tensor(DType.F64, states(), 0, WINDOWS),
                StreamErrorsTest::same);

        assertThat(StreamErrors.means(List.of(errors))).as("seed %d", seed).isNull();
    }

    /** Here the compressed model has every axis turned round. */
    @Test
    void statesAreComparedInTheAxesOfTheCompressedModel() {
        double[][] original = states();
        double[][] compressed = near(original, 0.3);
        List<Double> plain = means(original, compressed);
        for (double[] state : compressed) {
            for (int i = 0; i < HIDDEN; i++) {
                state[i] = -state[i];
            }
        }
        StreamErrors errors = new StreamErrors(WINDOWS, SEQ_LEN, 2);
        errors.measure(
                1,
                tensor(DType.F64, original, 0, WINDOWS),
                tensor(DType.F64, compressed, 0, WINDOWS),
                state -> Arrays.setAll(state, i -> -state[i]));

        assertThat(StreamErrors.means(List.of(errors))).as("seed %d", seed).isEqualTo(plain);
    }

    @Test
    void statesThatAreNotFiniteHaveNoErrors() {
        double[][] original = states();
        double[][] compressed = near(original, 0.3);
        compressed[random.nextInt(compressed.length)][random.nextInt(HIDDEN)] = Double.NaN;

        assertThat(means(original, compressed)).as("seed %d", seed).isNull();
    }

    @Test
    void aStateThatShouldBeZeroIsWhollyWrong() {
        double[][] zeros = new double[WINDOWS * SEQ_LEN][HIDDEN];

        assertThat(means(zeros, zeros)).containsExactly(0.0);
        assertThat(means(zeros, near(zeros, 0.3))).containsExactly(1.0);
    }

    private static List<Double> means(double[][] original, double[][] compressed) {
        StreamErrors errors = new StreamErrors(WINDOWS, SEQ_LEN, 2);
        errors.measure(
                1,
                tensor(DType.F64, original, 0, WINDOWS),
                tensor(DType.F64, compressed, 0, WINDOWS),
                StreamErrorsTest::same);
        return StreamErrors.means(List.of(stored(errors)));
    }

    /** As they are read back from the store. */
    private static StreamErrors stored(StreamErrors errors) {
        ByteBuffer bytes = ByteBuffer.allocate(errors.bytes());
        errors.write(bytes);
        return StreamErrors.read(bytes.flip());
    }

    private double[][] states() {
        double[][] states = new double[WINDOWS * SEQ_LEN][HIDDEN];
        for (double[] state : states) {
            for (int i = 0; i < HIDDEN; i++) {
                state[i] = random.nextGaussian();
            }
        }
        return states;
    }

    private double[][] near(double[][] states, double distance) {
        double[][] near = states();
        for (int token = 0; token < states.length; token++) {
            for (int i = 0; i < HIDDEN; i++) {
                near[token][i] = states[token][i] + distance * near[token][i];
            }
        }
        return near;
    }

    /** The axes of the original. */
    private static void same(double[] state) {}

    private static double distance(double[] a, double[] b) {
        double sum = 0;
        for (int i = 0; i < a.length; i++) {
            sum += (a[i] - b[i]) * (a[i] - b[i]);
        }
        return sum;
    }

    private static HostTensor tensor(DType type, double[][] states, int from, int to) {
        int tokens = (to - from) * SEQ_LEN;
        MemorySegment memory = MemorySegment.ofArray(new long[tokens * HIDDEN * type.bytes() / Long.BYTES]);
        HostTensor tensor = HostTensor.over(memory, type, tokens, HIDDEN);
        for (int token = 0; token < tokens; token++) {
            for (int i = 0; i < HIDDEN; i++) {
                tensor.set(token, i, states[from * SEQ_LEN + token][i]);
            }
        }
        return tensor;
    }
}
