package dev.quern.recipes.report;

import dev.quern.recipes.codec.Word;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** Numbers as people read them: few digits, a unit, always the same width of thought. */
public final class Figures {
    /** Shown where a figure is not known. */
    public static final String NONE = "–";
    /** Shown for NaN and infinity. */
    public static final String NOT_FINITE = Word.NOT_FINITE;

    private static final String[] BYTES = {"B", "kB", "MB", "GB", "TB"};
    private static final String[] COUNTS = {"", " thousand", " million", " billion", " trillion"};

    /** A perplexity that is ten times the original's is a factor and no longer a change. */
    private static final double MAX_CHANGE = 10;

    private Figures() {}

    /** A share as a percentage with three significant digits: 0.00912 is {@code 0.912 %}. */
    public static String percent(@Nullable Double share) {
        if (share == null) {
            return NONE;
        }
        return Double.isFinite(share) ? percentNumber(share) + " %" : NOT_FINITE;
    }

    /** The relative error of a linear from its square: norms, as a percentage. */
    public static String error(@Nullable Double squared) {
        return squared == null ? NONE : percent(Math.sqrt(squared));
    }

    /** A ratio as a change while that is readable, above 10 as a factor: {@code +3.71 %}, {@code ×1.5 million}. */
    public static String change(@Nullable Double ratio) {
        if (ratio == null || !Double.isFinite(ratio)) {
            return ratio == null ? NONE : NOT_FINITE;
        }
        return ratio < MAX_CHANGE ? String.format(Locale.ROOT, "%+.2f %%", (ratio - 1) * 100) : "×" + factor(ratio);
    }

    private static String factor(double ratio) {
        return ratio < 1000 ? fixed(ratio, ratio < 100 ? 1 : 0) : scaled(Math.round(ratio), COUNTS, "");
    }

    /** As {@link #percent} without its unit, for a cell of the board. */
    public static String percentNumber(double share) {
        double percent = share * 100;
        if (percent == 0 || !Double.isFinite(percent)) {
            return percent == 0 ? "0" : NOT_FINITE;
        }
        if (Math.abs(percent) < 0.001) {
            return String.format(Locale.ROOT, "%.0e", percent).replace("e-0", "e-");
        }
        int decimals = Math.clamp(2 - (int) Math.floor(Math.log10(Math.abs(percent))), 0, 4);
        return String.format(Locale.ROOT, "%." + decimals + "f", percent);
    }

    /** Four significant digits, or an exponent below 0.0001. */
    public static String number(@Nullable Double value) {
        if (value == null || !Double.isFinite(value)) {
            return value == null ? NONE : NOT_FINITE;
        }
        double size = Math.abs(value);
        if (size != 0 && size < 1e-4) {
            return String.format(Locale.ROOT, "%.2e", value);
        }
        int decimals = size == 0 ? 0 : Math.clamp(3 - (int) Math.floor(Math.log10(size)), 0, 6);
        return String.format(Locale.ROOT, "%,." + decimals + "f", value);
    }

    /** A figure that somebody chose, as they wrote it: 0.05, not 0.05000. */
    public static String plain(double value) {
        return Double.isFinite(value)
                ? BigDecimal.valueOf(value).stripTrailingZeros().toPlainString()
                : NOT_FINITE;
    }

    public static String fixed(double value, int decimals) {
        return Double.isFinite(value) ? String.format(Locale.ROOT, "%,." + decimals + "f", value) : NOT_FINITE;
    }

    /** Decimal units, as disks and download pages use. */
    public static String bytes(long bytes) {
        return scaled(bytes, BYTES, " ");
    }

    /** 7241732096 is {@code 7.24 billion}. */
    public static String count(long count) {
        return count < 100_000 ? String.format(Locale.ROOT, "%,d", count) : scaled(count, COUNTS, "");
    }

    /** Two units at most: {@code 3 h 20 min}, {@code 4 min}, {@code 12 s}. */
    public static String duration(@Nullable Double seconds) {
        return seconds == null ? NONE : duration(Duration.ofMillis(Math.round(seconds * 1000)));
    }

    public static String duration(Duration time) {
        if (time.toSeconds() < 10) {
            return String.format(Locale.ROOT, "%.1f s", time.toMillis() / 1000.0);
        }
        if (time.toMinutes() < 2) {
            return time.toSeconds() + " s";
        }
        if (time.toHours() < 1) {
            return time.plusSeconds(30).toMinutes() + " min";
        }
        if (time.toDays() < 2) {
            return time.toHours() + " h " + time.toMinutesPart() + " min";
        }
        return time.toDays() + " d " + time.toHoursPart() + " h";
    }

    /** The first twelve characters, enough to tell digests apart by eye. */
    public static String shortDigest(String digest) {
        String hex = digest.startsWith("sha256:") ? digest.substring(7) : digest;
        return hex.substring(0, Math.min(12, hex.length()));
    }

    /** The last part of a path. */
    public static String leaf(String path) {
        String trimmed = path.endsWith("/") ? path.substring(0, path.length() - 1) : path;
        return trimmed.substring(trimmed.lastIndexOf('/') + 1);
    }

    private static String scaled(long value, String[] units, String gap) {
        double rest = value;
        int unit = 0;
        while (Math.abs(rest) >= 999.5 && unit < units.length - 1) {
            rest /= 1000;
            unit++;
        }
        int decimals = unit == 0 || rest >= 99.95 ? 0 : rest >= 9.995 ? 1 : 2;
        return String.format(Locale.ROOT, "%." + decimals + "f", rest) + gap + units[unit];
    }
}
