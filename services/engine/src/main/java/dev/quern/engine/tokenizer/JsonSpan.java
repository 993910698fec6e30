package dev.quern.engine.tokenizer;

import org.jspecify.annotations.Nullable;

/**
 * The position of the value of a member of the outermost object in a JSON text, which may be too large to be worth
 * reading whole.
 *
 * @param from of the value, or where the member may be inserted
 * @param to behind the value
 * @param missing there is no such member
 */
record JsonSpan(String key, int from, int to, boolean missing) {
    /** Texts that are not JSON have no members. */
    static JsonSpan of(String json, String key) {
        String quoted = '"' + key + '"';
        int depth = 0;
        for (int i = 0; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '"') {
                int end = endOfString(json, i);
                int colon = skipBlanks(json, end);
                if (depth == 1 && json.startsWith(quoted, i) && colon < json.length() && json.charAt(colon) == ':') {
                    int from = skipBlanks(json, colon + 1);
                    return new JsonSpan(key, from, endOfValue(json, from), false);
                }
                i = end - 1;
            } else {
                depth += nesting(c);
            }
        }
        int inside = json.indexOf('{') + 1;
        return new JsonSpan(key, inside, inside, true);
    }

    /** The value, as it is written; null where it is missing. */
    @Nullable
    String in(String json) {
        return missing ? null : json.substring(from, to);
    }

    /** The text with another value. */
    String replaced(String json, String value) {
        return json.substring(0, from) + (missing ? '"' + key + "\":" + value + ',' : value) + json.substring(to);
    }

    private static int endOfValue(String json, int from) {
        int depth = 0;
        for (int i = from; i < json.length(); i++) {
            char c = json.charAt(i);
            if (c == '"') {
                i = endOfString(json, i) - 1;
            } else {
                depth += nesting(c);
                if (depth < 0 || (depth == 0 && (c == ',' || c == ']' || c == '}'))) {
                    return nesting(c) < 0 && depth == 0 ? i + 1 : i;
                }
            }
        }
        return json.length();
    }

    private static int nesting(char c) {
        return switch (c) {
            case '{', '[' -> 1;
            case '}', ']' -> -1;
            default -> 0;
        };
    }

    private static int endOfString(String json, int quote) {
        int i = quote + 1;
        while (i < json.length() && json.charAt(i) != '"') {
            i += json.charAt(i) == '\\' ? 2 : 1;
        }
        return Math.min(i + 1, json.length());
    }

    private static int skipBlanks(String json, int from) {
        int i = from;
        while (i < json.length() && json.charAt(i) <= ' ') {
            i++;
        }
        return i;
    }
}
