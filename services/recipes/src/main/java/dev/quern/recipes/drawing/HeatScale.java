package dev.quern.recipes.drawing;

import java.util.Locale;

/**
 * The colours of relative errors, in steps; {@link ErrorScale} says which error has which. Lightness falls (light
 * scheme) or rises (dark scheme) without a turn, so the order survives every kind of colour blindness and a grey print;
 * the hue only adds distance. Colours are made in OKLCH (Björn Ottosson, "A perceptual color space for image
 * processing").
 */
public final class HeatScale {
    public static final int STEPS = 24;
    /** The switch of a page: while it is on, errors are coloured on the common scale, else each board on its own. */
    static final String SWITCH = "common-scale";

    private HeatScale() {}

    /** Background of a step. */
    static Colour background(int step, boolean dark) {
        double t = (double) step / (STEPS - 1);
        if (dark) {
            return Colour.oklch(0.27 + 0.63 * t, 0.075 + 0.06 * Math.sin(Math.PI * t), 285 - 215 * t);
        }
        return Colour.oklch(0.955 - 0.66 * t, 0.05 + 0.10 * Math.sin(Math.PI * Math.min(0.7, t)), 108 + 235 * t);
    }

    /** Black or white, whichever reads better; one of the two always reaches 4.58 : 1. */
    static Colour ink(Colour background) {
        return background.contrast(Colour.WHITE) >= background.contrast(Colour.BLACK) ? Colour.WHITE : Colour.BLACK;
    }

    /**
     * For each step a class of the common scale, {@code .h0} to {@code .h23}, and one of a board's own, {@code .j0} to
     * {@code .j23}.
     */
    static String css() {
        return rules(false) + "@media (prefers-color-scheme: dark) {\n" + rules(true) + "}\n";
    }

    private static String rules(boolean dark) {
        StringBuilder css = new StringBuilder();
        for (int step = 0; step < STEPS; step++) {
            Colour background = background(step, dark);
            String colours = "{ background: %s; color: %s }\n"
                    .formatted(background.hex(), ink(background).hex());
            css.append(".h%d ".formatted(step)).append(colours);
            css.append("body:not(:has(#%s:checked)) .j%d ".formatted(SWITCH, step))
                    .append(colours);
        }
        return css.toString();
    }

    /** sRGB, each channel 0 to 1. */
    record Colour(double red, double green, double blue) {
        static final Colour BLACK = new Colour(0, 0, 0);
        static final Colour WHITE = new Colour(1, 1, 1);

        static Colour oklch(double lightness, double chroma, double hueDegrees) {
            double a = chroma * Math.cos(Math.toRadians(hueDegrees));
            double b = chroma * Math.sin(Math.toRadians(hueDegrees));
            double l = cube(lightness + 0.3963377774 * a + 0.2158037573 * b);
            double m = cube(lightness - 0.1055613458 * a - 0.0638541728 * b);
            double s = cube(lightness - 0.0894841775 * a - 1.2914855480 * b);
            return new Colour(
                    gamma(4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s),
                    gamma(-1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s),
                    gamma(-0.0041960863 * l - 0.7034186147 * m + 1.7076147010 * s));
        }

        String hex() {
            return String.format(Locale.ROOT, "#%02x%02x%02x", byteOf(red), byteOf(green), byteOf(blue));
        }

        /** WCAG 2.2 contrast ratio, 1 to 21. */
        double contrast(Colour other) {
            double mine = luminance() + 0.05;
            double theirs = other.luminance() + 0.05;
            return Math.max(mine, theirs) / Math.min(mine, theirs);
        }

        double luminance() {
            return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
        }

        private static int byteOf(double channel) {
            return (int) Math.round(channel * 255);
        }

        private static double cube(double x) {
            return x * x * x;
        }

        private static double gamma(double linear) {
            double clamped = Math.clamp(linear, 0.0, 1.0);
            return clamped <= 0.0031308 ? 12.92 * clamped : 1.055 * Math.pow(clamped, 1 / 2.4) - 0.055;
        }

        private static double linear(double channel) {
            return channel <= 0.04045 ? channel / 12.92 : Math.pow((channel + 0.055) / 1.055, 2.4);
        }
    }
}
