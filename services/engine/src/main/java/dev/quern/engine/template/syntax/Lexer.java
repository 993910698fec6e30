package dev.quern.engine.template.syntax;

import dev.quern.engine.template.syntax.Token.Kind;
import dev.quern.engine.template.value.Strings;
import dev.quern.engine.template.value.TemplateException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Cuts a template into tokens. Blank space is what makes chat templates hard: this follows jinja2 with
 * {@code trim_blocks} and {@code lstrip_blocks}, which transformers sets. A tag of a block takes the blanks before it
 * on its line and the newline behind it away, a minus at either end all blank space on that side, a plus keeps it. One
 * newline at the end of the template is dropped.
 */
final class Lexer {
    private static final Pattern NEWLINE = Pattern.compile("\\r\\n|\\r");
    private static final Pattern TAG = Pattern.compile("\\{[{%#]");
    private static final Pattern RAW = Pattern.compile("\\{%[-+]?\\s*raw\\s*(?:-%}\\s*|%})");
    private static final Pattern END_RAW = Pattern.compile("\\{%([-+]?)\\s*endraw\\s*(?:\\+%}|-%}\\s*|%}\\n?)");
    private static final Pattern END_COMMENT = Pattern.compile("\\+#}|-#}\\s*|#}\\n?");
    private static final Pattern END_BLOCK = Pattern.compile("\\+%}|-%}\\s*|%}\\n?");
    private static final Pattern END_VARIABLE = Pattern.compile("-}}\\s*|}}");
    private static final Pattern BLANK = Pattern.compile("\\s+");
    private static final Pattern FLOAT = Pattern.compile("\\d[\\d_]*(?:(?:\\.\\d[\\d_]*)?[eE][+-]?\\d+|\\.\\d[\\d_]*)");
    private static final Pattern INTEGER = Pattern.compile("\\d[\\d_]*");
    private static final Pattern NAME = Pattern.compile("[\\p{L}_][\\p{L}\\p{N}_]*");
    private static final Pattern OPERATOR = Pattern.compile("//|\\*\\*|==|!=|>=|<=|[-+/*%~\\[\\](){}<>=.:|,;]");

    private final String source;
    private final List<Token> tokens = new ArrayList<>();
    private int position;
    private int line = 1;
    /** Whether what was read last ended with a newline. */
    private boolean lineStarts = true;

    private Lexer(String source) {
        this.source = source;
    }

    /** The tokens, the last of which is {@link Kind#END}. */
    static List<Token> tokens(String template) {
        String source = NEWLINE.matcher(template).replaceAll("\n");
        if (source.endsWith("\n")) {
            source = source.substring(0, source.length() - 1);
        }
        return new Lexer(source).run();
    }

    private List<Token> run() {
        Matcher tag = TAG.matcher(source);
        while (tag.find(position)) {
            String text = source.substring(position, tag.start());
            char sign = tag.end() < source.length() ? source.charAt(tag.end()) : ' ';
            Matcher raw = at(RAW, tag.start());
            char kind = source.charAt(tag.start() + 1);
            data(stripped(text, raw == null ? sign : rawSign(raw), kind));
            advance(tag.start());
            if (raw == null) {
                advance(tag.end() + (sign == '-' || sign == '+' ? 1 : 0));
                read(kind);
            } else {
                advance(raw.end());
                raw();
            }
        }
        data(source.substring(position));
        tokens.add(new Token(Kind.END, "", line));
        return tokens;
    }

    private static char rawSign(Matcher raw) {
        return raw.group().charAt(2);
    }

    private void read(char kind) {
        switch (kind) {
            case '#' -> comment();
            case '%' -> tag(Kind.BLOCK_BEGIN, Kind.BLOCK_END, END_BLOCK);
            default -> tag(Kind.VARIABLE_BEGIN, Kind.VARIABLE_END, END_VARIABLE);
        }
    }

    /** The text before a tag, as much of it as the tag leaves. */
    private String stripped(String text, char sign, char kind) {
        if (sign == '-') {
            return Strings.rightStripped(text);
        }
        int lineBegin = text.lastIndexOf('\n') + 1;
        boolean alone =
                (lineBegin > 0 || lineStarts) && text.substring(lineBegin).isBlank();
        return sign != '+' && kind != '{' && alone ? text.substring(0, lineBegin) : text;
    }

    private void data(String text) {
        if (!text.isEmpty()) {
            tokens.add(new Token(Kind.DATA, text, line));
        }
    }

    private void comment() {
        Matcher end = END_COMMENT.matcher(source);
        if (!end.find(position)) {
            throw TemplateException.at(line, "a comment without an end (expected: #})");
        }
        advance(end.end());
    }

    private void raw() {
        Matcher end = END_RAW.matcher(source);
        if (!end.find(position)) {
            throw TemplateException.at(line, "raw without endraw");
        }
        String sign = end.group(1);
        data(stripped(source.substring(position, end.start()), sign.isEmpty() ? ' ' : sign.charAt(0), '%'));
        advance(end.end());
    }

    private void tag(Kind begin, Kind end, Pattern ending) {
        int opened = line;
        tokens.add(new Token(begin, "", line));
        Deque<String> open = new ArrayDeque<>();
        while (position < source.length()) {
            Matcher close = open.isEmpty() ? at(ending, position) : null;
            if (close != null) {
                tokens.add(new Token(end, "", line));
                advance(close.end());
                return;
            }
            inside(open);
        }
        throw TemplateException.at(opened, "a tag without an end");
    }

    private void inside(Deque<String> open) {
        char c = source.charAt(position);
        Matcher blank = at(BLANK, position);
        if (blank != null) {
            advance(blank.end());
        } else if (c == '\'' || c == '"') {
            string(c);
        } else if (!token(Kind.FLOAT, FLOAT) && !token(Kind.INTEGER, INTEGER) && !token(Kind.NAME, NAME)) {
            if (!token(Kind.OPERATOR, OPERATOR)) {
                throw TemplateException.at(line, "unexpected character " + c);
            }
            balance(open, tokens.getLast().text());
        }
    }

    private boolean token(Kind kind, Pattern pattern) {
        // In a.0.1 the numbers are indices.
        boolean afterDot = position > 0 && source.charAt(position - 1) == '.';
        Matcher found = kind == Kind.FLOAT && afterDot ? null : at(pattern, position);
        if (found == null) {
            return false;
        }
        String text = found.group();
        boolean number = kind == Kind.FLOAT || kind == Kind.INTEGER;
        tokens.add(new Token(kind, number ? text.replace("_", "") : text, line));
        advance(found.end());
        return true;
    }

    private void balance(Deque<String> open, String operator) {
        switch (operator) {
            case "(" -> open.push(")");
            case "[" -> open.push("]");
            case "{" -> open.push("}");
            case ")", "]", "}" -> {
                if (!operator.equals(open.poll())) {
                    throw TemplateException.at(line, "unexpected " + operator);
                }
            }
            default -> {}
        }
    }

    private void string(char quote) {
        int end = position + 1;
        while (end < source.length() && source.charAt(end) != quote) {
            end += source.charAt(end) == '\\' ? 2 : 1;
        }
        if (end >= source.length()) {
            throw TemplateException.at(line, "a string without an end");
        }
        try {
            tokens.add(new Token(Kind.STRING, Strings.unescaped(source.substring(position + 1, end)), line));
        } catch (TemplateException e) {
            throw e.orAt(line);
        }
        advance(end + 1);
    }

    /** A match that begins at a place; null where there is none. */
    private @Nullable Matcher at(Pattern pattern, int from) {
        Matcher matcher = pattern.matcher(source).region(from, source.length());
        return matcher.lookingAt() ? matcher : null;
    }

    private void advance(int to) {
        for (int i = position; i < to; i++) {
            if (source.charAt(i) == '\n') {
                line++;
            }
        }
        lineStarts = to > position ? source.charAt(to - 1) == '\n' : lineStarts;
        position = to;
    }
}
