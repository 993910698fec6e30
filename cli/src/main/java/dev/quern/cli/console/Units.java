package dev.quern.cli.console;

import java.util.Locale;

/** Sizes and times as a person reads them. */
public final class Units {
    private static final String[] SIZES = {"kB", "MB", "GB", "TB"};

    private Units() {}

    /** {@code 4.2 MB}, decimal. */
    public static String bytes(long bytes) {
        if (bytes < 1000) {
            return bytes + " B";
        }
        double value = bytes;
        int unit = -1;
        while (value >= 999.5 && unit < SIZES.length - 1) {
            value /= 1000;
            unit++;
        }
        return String.format(
                Locale.ROOT, value < 10 ? "%.2f %s" : value < 100 ? "%.1f %s" : "%.0f %s", value, SIZES[unit]);
    }

    /** {@code 3 s}, {@code 2:05 min}, {@code 1:02 h}. */
    public static String duration(double seconds) {
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        if (whole < 3600) {
            return String.format(Locale.ROOT, "%d:%02d min", whole / 60, whole % 60);
        }
        return String.format(Locale.ROOT, "%d:%02d h", whole / 3600, whole % 3600 / 60);
    }
}
