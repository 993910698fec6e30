package dev.quern.engine.template.value;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/** Strings as Python has them: made of code points, with its idea of blank space. */
public final class Strings {
    private Strings() {}

    static boolean isBlank(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == 0x85;
    }

    public static String rightStripped(String text) {
        return stripped(text, Strings::isBlank, false, true);
    }

    /** Without the characters of a set at its ends; blank space where no set is given. */
    public static String stripped(String text, @Nullable String set, boolean left, boolean right) {
        return stripped(text, set == null ? Strings::isBlank : c -> set.indexOf(c) >= 0, left, right);
    }

    private static String stripped(String text, IntPredicate out, boolean left, boolean right) {
        int from = 0;
        int to = text.length();
        while (left && from < to && out.test(text.codePointAt(from))) {
            from += Character.charCount(text.codePointAt(from));
        }
        while (right && from < to && out.test(text.codePointBefore(to))) {
            to -= Character.charCount(text.codePointBefore(to));
        }
        return text.substring(from, to);
    }

    static int length(String text) {
        return text.codePointCount(0, text.length());
    }

    /** The characters of a string, as strings. */
    static List<Object> characters(String text) {
        List<Object> characters = new ArrayList<>();
        text.codePoints().forEach(c -> characters.add(Character.toString(c)));
        return characters;
    }

    /** Parts between separators; at most so many cuts where that is not negative, counted from the left. */
    public static List<Object> split(String text, String separator, long cuts) {
        if (separator.isEmpty()) {
            throw new TemplateException("split: an empty separator");
        }
        List<Object> parts = new ArrayList<>();
        int from = 0;
        int next = text.indexOf(separator);
        while (next >= 0 && (cuts < 0 || parts.size() < cuts)) {
            parts.add(text.substring(from, next));
            from = next + separator.length();
            next = text.indexOf(separator, from);
        }
        parts.add(text.substring(from));
        return parts;
    }

    /**
     * Parts between blank space, none of them empty; after so many cuts, if that is not negative, the rest as it is.
     */
    static List<Object> words(String text, long cuts) {
        List<Object> words = new ArrayList<>();
        int from = end(text, 0, true);
        while (from < text.length()) {
            int end = cuts >= 0 && words.size() >= cuts ? text.length() : end(text, from, false);
            words.add(text.substring(from, end));
            from = end(text, end, true);
        }
        return words;
    }

    /** Where a run of blanks, or of other characters, ends. */
    private static int end(String text, int from, boolean blank) {
        int end = from;
        while (end < text.length() && isBlank(text.codePointAt(end)) == blank) {
            end += Character.charCount(text.codePointAt(end));
        }
        return end;
    }

    static List<Object> lines(String text) {
        return new ArrayList<>(Arrays.asList(text.lines().toArray()));
    }

    /** Each word with a capital first letter. */
    public static String title(String text) {
        StringBuilder title = new StringBuilder();
        boolean inside = false;
        for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
            int c = text.codePointAt(i);
            title.appendCodePoint(inside ? Character.toLowerCase(c) : Character.toTitleCase(c));
            inside = Character.isLetter(c);
        }
        return title.toString();
    }

    public static String capitalized(String text) {
        if (text.isEmpty()) {
            return text;
        }
        int first = text.codePointAt(0);
        return Character.toString(Character.toTitleCase(first))
                + text.substring(Character.charCount(first)).toLowerCase(Locale.ROOT);
    }

    /** What a literal means. */
    public static String unescaped(String literal) {
        StringBuilder text = new StringBuilder(literal.length());
        for (int i = 0; i < literal.length(); i++) {
            char c = literal.charAt(i);
            if (c == '\\' && i + 1 < literal.length()) {
                i = escape(literal, i + 1, text);
            } else {
                text.append(c);
            }
        }
        return text.toString();
    }

    /** @return the place of the escape's last character */
    private static int escape(String literal, int at, StringBuilder text) {
        char c = literal.charAt(at);
        int simple = "abfnrtv\\'\"\n".indexOf(c);
        if (c == 'x' || c == 'u' || c == 'U') {
            return codePoint(literal, at, c == 'x' ? 2 : c == 'u' ? 4 : 8, text);
        }
        if (c >= '0' && c <= '7') {
            int end = at;
            while (end < literal.length() && end < at + 3 && Character.digit(literal.charAt(end), 8) >= 0) {
                end++;
            }
            text.append((char) Integer.parseInt(literal.substring(at, end), 8));
            return end - 1;
        }
        if (simple < 0) {
            text.append('\\').append(c);
        } else if (c != '\n') {
            text.append("\u0007\b\f\n\r\t\u000b\\'\"".charAt(simple));
        }
        return at;
    }

    private static int codePoint(String literal, int at, int digits, StringBuilder text) {
        int end = at + 1 + digits;
        try {
            text.appendCodePoint(Integer.parseInt(literal.substring(at + 1, end), 16));
        } catch (IndexOutOfBoundsException | IllegalArgumentException e) {
            throw new TemplateException("an escape that is cut off: \\" + literal.charAt(at));
        }
        return end - 1;
    }
}
