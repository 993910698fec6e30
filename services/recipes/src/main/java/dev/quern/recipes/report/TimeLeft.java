package dev.quern.recipes.report;

/** The estimated time that a job still takes. The estimate is rough, so it is rounded to coarse steps. */
public final class TimeLeft {
    private static final double MINUTE = 60;
    private static final double HOUR = 60 * MINUTE;
    private static final double DAY = 24 * HOUR;

    private TimeLeft() {}

    /**
     * Rounds to a minute, from ten minutes on to five, from an hour on to a quarter, from four hours on to an hour, and
     * from two days on to a day. Less than a minute is half of one.
     */
    public static double rounded(double seconds) {
        double step = seconds < 10 * MINUTE
                ? MINUTE
                : seconds < HOUR ? 5 * MINUTE : seconds < 4 * HOUR ? HOUR / 4 : seconds < 2 * DAY ? HOUR : DAY;
        return seconds < MINUTE ? MINUTE / 2 : Math.round(seconds / step) * step;
    }

    /** {@code less than a minute}, {@code about 25 min}, {@code about 2 h 15 min}, {@code about 3 days}. */
    public static String words(double seconds) {
        double rounded = rounded(seconds);
        long minutes = Math.round(rounded / MINUTE);
        if (seconds < MINUTE) {
            return "less than a minute";
        }
        if (minutes < 60) {
            return "about " + minutes + " min";
        }
        if (rounded < 2 * DAY) {
            return "about " + minutes / 60 + " h" + (minutes % 60 == 0 ? "" : " " + minutes % 60 + " min");
        }
        return "about " + Math.round(rounded / DAY) + " days";
    }
}
