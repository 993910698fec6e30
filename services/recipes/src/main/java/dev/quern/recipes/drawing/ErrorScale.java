package dev.quern.recipes.drawing;

import dev.quern.recipes.view.LinearView;
import java.math.BigDecimal;
import java.math.MathContext;
import java.util.Arrays;
import java.util.DoubleSummaryStatistics;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Which colour an error has: the steps of {@link HeatScale} on a logarithmic scale between two errors. {@link #COMMON}
 * is the same for every job, so that two boards compare by eye; {@link #of} fits one board, so that its linears differ
 * where they are nearly equal.
 *
 * @param low ratio of norms at the lower end of the first step
 * @param high ratio of norms at the upper end of the last step
 */
public record ErrorScale(double low, double high) {
    /** Six steps for each decade of the squared error, from 1 % to 100 % as a ratio of norms. */
    public static final ErrorScale COMMON = new ErrorScale(0.01, 1);

    private static final int ENDS = 5;
    /** The ends of a board's own scale move in these steps, so that it seldom changes while the board fills. */
    private static final double[] ROUND = {1, 2, 3, 5, 7, 10};

    /** The narrowest scale with round ends that holds all errors; {@link #COMMON} where there are none. */
    public static ErrorScale of(List<LinearView> linears) {
        DoubleSummaryStatistics errors = linears.stream()
                .map(LinearView::relativeError)
                .filter(squared -> squared != null && squared > 0 && Double.isFinite(squared))
                .mapToDouble(Math::sqrt)
                .summaryStatistics();
        if (errors.getCount() == 0) {
            return COMMON;
        }
        double low = floor(errors.getMin());
        double high = ceiling(errors.getMax());
        return new ErrorScale(low, high > low ? high : 2 * low);
    }

    /** The largest round number that is not above this one. */
    private static double floor(double value) {
        double decade = decade(value);
        return Arrays.stream(ROUND)
                .map(round -> round * decade)
                .filter(round -> round <= value)
                .max()
                .orElse(decade);
    }

    /** The smallest round number that is not below this one. */
    private static double ceiling(double value) {
        double decade = decade(value);
        return Arrays.stream(ROUND)
                .map(round -> round * decade)
                .filter(round -> round >= value)
                .min()
                .orElse(10 * decade);
    }

    private static double decade(double value) {
        return Math.pow(10, Math.floor(Math.log10(value)));
    }

    /**
     * 0 for the smallest errors, {@code HeatScale.STEPS - 1} for the largest; what is not finite counts as the largest.
     */
    public int step(@Nullable Double squared) {
        if (squared == null || !Double.isFinite(squared)) {
            return HeatScale.STEPS - 1;
        }
        double error = Math.sqrt(squared);
        if (error <= low) {
            return 0;
        }
        double share = Math.log(error / low) / Math.log(high / low);
        return Math.min(HeatScale.STEPS - 1, (int) Math.floor(HeatScale.STEPS * share));
    }

    /** Marks at equal distances along the scale, the ends included, as percentages. */
    List<String> marks() {
        return IntStream.range(0, ENDS)
                .mapToObj(mark -> mark(low * Math.pow(high / low, mark / (ENDS - 1.0))))
                .toList();
    }

    private static String mark(double error) {
        BigDecimal percent = BigDecimal.valueOf(error * 100).round(new MathContext(2));
        return percent.stripTrailingZeros().toPlainString() + " %";
    }

    @Override
    public String toString() {
        return low + "-" + high;
    }
}
