package dev.quern.engine.template.syntax;

import dev.quern.engine.template.syntax.Statement.Target;
import dev.quern.engine.template.syntax.Token.Kind;
import dev.quern.engine.template.value.TemplateException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BooleanSupplier;

/** Statements. Tags that chat templates have no use for, and those that read other templates, are refused by name. */
public final class TemplateParser {
    private final Tokens tokens;
    private final ExpressionParser expressions;
    private int loops;

    private TemplateParser(Tokens tokens) {
        this.tokens = tokens;
        this.expressions = new ExpressionParser(tokens);
    }

    public static List<Statement> parse(String template) {
        TemplateParser parser = new TemplateParser(new Tokens(Lexer.tokens(template)));
        List<Statement> statements = parser.until(Set.of());
        if (!parser.tokens.peek().is(Kind.END)) {
            throw parser.tokens.unexpected("nothing more");
        }
        return statements;
    }

    /**
     * Statements up to a tag with one of these names, which becomes the next token; to the end of the template where
     * there are none.
     */
    private List<Statement> until(Set<String> ends) {
        List<Statement> statements = new ArrayList<>();
        while (!tokens.peek().is(Kind.END)) {
            Token token = tokens.next();
            if (token.is(Kind.DATA)) {
                statements.add(new Statement.Text(token.text()));
            } else if (token.is(Kind.VARIABLE_BEGIN)) {
                statements.add(print());
            } else if (ends.contains(tokens.peek().text())) {
                return statements;
            } else {
                statements.add(tag(tokens.expect(Kind.NAME, "the name of a tag")));
            }
        }
        if (!ends.isEmpty()) {
            throw tokens.unexpected(String.join(" or ", ends.stream().sorted().toList()));
        }
        return statements;
    }

    private Statement print() {
        if (tokens.peek().is(Kind.VARIABLE_END)) {
            throw tokens.unexpected("an expression");
        }
        Expression value = expressions.parseTuple(() -> tokens.peek().is(Kind.VARIABLE_END));
        tokens.expect(Kind.VARIABLE_END, "}}");
        return new Statement.Print(value);
    }

    private Statement tag(Token tag) {
        return switch (tag.text()) {
            case "if" -> parseIf();
            case "for" -> parseFor(tag.line());
            case "set" -> parseSet(tag.line());
            case "macro" -> parseMacro();
            case "generation" -> generation();
            case "break", "continue" -> jump(tag);
            default ->
                throw TemplateException.at(
                        tag.line(),
                        "tag " + tag.text()
                                + " (expected: if, for, set, macro, generation, break, continue or their ends)");
        };
    }

    private Statement parseIf() {
        List<Expression> conditions = new ArrayList<>();
        List<List<Statement>> bodies = new ArrayList<>();
        do {
            conditions.add(expressions.parse());
            blockEnd();
            bodies.add(until(Set.of("elif", "else", "endif")));
        } while (tokens.skipName("elif"));
        bodies.add(otherwise("endif"));
        end("endif");
        return new Statement.If(conditions, bodies);
    }

    private List<Statement> otherwise(String end) {
        if (!tokens.skipName("else")) {
            return List.of();
        }
        blockEnd();
        return until(Set.of(end));
    }

    private Statement parseFor(int line) {
        Target target = target(() -> tokens.peek().isName("in"));
        if (!tokens.skipName("in")) {
            throw tokens.unexpected("in");
        }
        Expression values = expressions.parseOr();
        Expression filter = tokens.skipName("if") ? expressions.parse() : null;
        blockEnd();
        loops++;
        List<Statement> body = until(Set.of("else", "endfor"));
        loops--;
        List<Statement> otherwise = otherwise("endfor");
        end("endfor");
        return new Statement.For(target, values, filter, body, otherwise, line);
    }

    private Statement parseSet(int line) {
        Target target = target(() -> tokens.peek().isOperator("="));
        if (tokens.skipOperator("=")) {
            Expression value = expressions.parseTuple(() -> tokens.peek().is(Kind.BLOCK_END));
            blockEnd();
            return new Statement.Set(target, value, line);
        }
        blockEnd();
        List<Statement> body = until(Set.of("endset"));
        end("endset");
        return new Statement.Capture(target, body, line);
    }

    private Target target(BooleanSupplier ends) {
        List<Target> targets = new ArrayList<>();
        boolean several = tokens.skipOperator("(");
        boolean closed = several;
        do {
            if (ends.getAsBoolean()) {
                break;
            }
            targets.add(variable());
            several |= tokens.peek().isOperator(",");
        } while (tokens.skipOperator(","));
        if (closed) {
            tokens.expectOperator(")");
        }
        if (targets.isEmpty()) {
            throw tokens.unexpected("the name of a variable");
        }
        return several ? new Target.Several(targets) : targets.getFirst();
    }

    private Target variable() {
        String name = tokens.expect(Kind.NAME, "the name of a variable").text();
        return tokens.skipOperator(".")
                ? new Target.Member(name, tokens.expect(Kind.NAME, "a name").text())
                : new Target.Variable(name);
    }

    private Statement parseMacro() {
        String name = tokens.expect(Kind.NAME, "the name of a macro").text();
        List<String> parameters = new ArrayList<>();
        List<Expression> defaults = new ArrayList<>();
        tokens.expectOperator("(");
        while (!tokens.skipOperator(")")) {
            if (!parameters.isEmpty()) {
                tokens.expectOperator(",");
            }
            parameters.add(tokens.expect(Kind.NAME, "the name of a parameter").text());
            if (tokens.skipOperator("=")) {
                defaults.add(expressions.parse());
            } else if (!defaults.isEmpty()) {
                throw tokens.unexpected("a default");
            }
        }
        blockEnd();
        int outside = loops;
        loops = 0;
        List<Statement> body = until(Set.of("endmacro"));
        loops = outside;
        tokens.next();
        if (tokens.peek().isName(name)) {
            tokens.next();
        }
        blockEnd();
        return new Statement.Macro(name, parameters, defaults, body);
    }

    private Statement generation() {
        blockEnd();
        List<Statement> body = until(Set.of("endgeneration"));
        end("endgeneration");
        return new Statement.Group(body);
    }

    private Statement jump(Token tag) {
        blockEnd();
        if (loops == 0) {
            throw TemplateException.at(tag.line(), tag.text() + " outside of a loop");
        }
        return tag.text().equals("break") ? new Statement.Break() : new Statement.Continue();
    }

    private void end(String name) {
        if (!tokens.skipName(name)) {
            throw tokens.unexpected(name);
        }
        blockEnd();
    }

    private void blockEnd() {
        tokens.expect(Kind.BLOCK_END, "%}");
    }
}
