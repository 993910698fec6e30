package dev.quern.engine.template.syntax;

import dev.quern.engine.template.syntax.Expression.Arguments;
import dev.quern.engine.template.syntax.Token.Kind;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.TemplateException;
import java.math.BigInteger;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Expressions, in the order in which Jinja's operators bind: conditional, or, and, not, comparisons, plus and minus,
 * {@code ~}, times and division, power, signs, and then what follows a value: attributes, calls, filters and tests.
 */
final class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> SUMS = Set.of("+", "-");
    private static final Set<String> PRODUCTS = Set.of("*", "/", "//", "%");
    private static final Set<Kind> VALUES = Set.of(Kind.NAME, Kind.STRING, Kind.INTEGER, Kind.FLOAT);
    private static final Set<String> OPENING = Set.of("(", "[", "{");
    private static final Set<String> AFTER_TEST = Set.of("else", "or", "and");

    private final Tokens tokens;

    ExpressionParser(Tokens tokens) {
        this.tokens = tokens;
    }

    /** An expression; with commas, a tuple. */
    Expression parseTuple(BooleanSupplier ends) {
        return parseTuple(this::parse, ends);
    }

    private Expression parseTuple(Supplier<Expression> item, BooleanSupplier ends) {
        int line = tokens.peek().line();
        List<Expression> items = new ArrayList<>();
        boolean tuple = false;
        do {
            if (ends.getAsBoolean()) {
                break;
            }
            items.add(item.get());
            tuple |= tokens.peek().isOperator(",");
        } while (tokens.skipOperator(","));
        return items.size() == 1 && !tuple ? items.getFirst() : new Expression.ListOf(items, true, line);
    }

    Expression parse() {
        Expression value = parseOr();
        while (tokens.skipName("if")) {
            Expression condition = parseOr();
            Expression otherwise = tokens.skipName("else") ? parse() : null;
            value = new Expression.Conditional(condition, value, otherwise, value.line());
        }
        return value;
    }

    /** An expression that a word {@code if} ends. */
    Expression parseOr() {
        Expression left = parseAnd();
        while (tokens.skipName("or")) {
            left = new Expression.Or(left, parseAnd(), left.line());
        }
        return left;
    }

    private Expression parseAnd() {
        Expression left = parseNot();
        while (tokens.skipName("and")) {
            left = new Expression.And(left, parseNot(), left.line());
        }
        return left;
    }

    private Expression parseNot() {
        int line = tokens.peek().line();
        return tokens.skipName("not") ? new Expression.Not(parseNot(), line) : parseComparison();
    }

    private Expression parseComparison() {
        Expression first = parseSum();
        List<String> operators = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        for (String operator = comparison(); operator != null; operator = comparison()) {
            operators.add(operator);
            operands.add(parseSum());
        }
        return operators.isEmpty() ? first : new Expression.Comparison(first, operators, operands, first.line());
    }

    private @Nullable String comparison() {
        Token token = tokens.peek();
        if (token.is(Kind.OPERATOR) && COMPARISONS.contains(token.text())) {
            return tokens.next().text();
        }
        if (token.isName("not") && tokens.peekNext().isName("in")) {
            tokens.next();
            tokens.next();
            return "not in";
        }
        return tokens.skipName("in") ? "in" : null;
    }

    private Expression parseSum() {
        return parseBinary(SUMS, this::parseConcatenation);
    }

    private Expression parseConcatenation() {
        return parseBinary(Set.of("~"), this::parseProduct);
    }

    private Expression parseProduct() {
        return parseBinary(PRODUCTS, this::parsePower);
    }

    private Expression parsePower() {
        return parseBinary(Set.of("**"), () -> parseSigned(true));
    }

    private Expression parseBinary(Set<String> operators, Supplier<Expression> operand) {
        Expression left = operand.get();
        while (tokens.peek().is(Kind.OPERATOR)
                && operators.contains(tokens.peek().text())) {
            String operator = tokens.next().text();
            left = new Expression.Binary(operator, left, operand.get(), left.line());
        }
        return left;
    }

    private Expression parseSigned(boolean filtered) {
        int line = tokens.peek().line();
        Expression value;
        if (tokens.skipOperator("-")) {
            value = new Expression.Negative(parseSigned(false), line);
        } else if (tokens.skipOperator("+")) {
            value = parseSigned(false);
        } else {
            value = parsePrimary();
        }
        value = parsePostfix(value);
        return filtered ? parseFilters(value) : value;
    }

    private Expression parsePrimary() {
        Token token = tokens.next();
        return switch (token.kind()) {
            case NAME -> name(token);
            case STRING -> string(token);
            case INTEGER -> new Expression.Literal(integer(token), token.line());
            case FLOAT -> new Expression.Literal(Double.valueOf(token.text()), token.line());
            default ->
                switch (token.text()) {
                    case "(" -> parenthesis();
                    case "[" -> list(token.line());
                    case "{" -> map(token.line());
                    default ->
                        throw TemplateException.at(
                                token.line(), "unexpected " + token.described() + " (expected: a value)");
                };
        };
    }

    private static Expression name(Token token) {
        return switch (token.text()) {
            case "true", "True" -> new Expression.Literal(true, token.line());
            case "false", "False" -> new Expression.Literal(false, token.line());
            case "none", "None" -> new Expression.Literal(None.NONE, token.line());
            default -> new Expression.Name(token.text(), token.line());
        };
    }

    private Expression string(Token first) {
        StringBuilder text = new StringBuilder(first.text());
        while (tokens.peek().is(Kind.STRING)) {
            text.append(tokens.next().text());
        }
        return new Expression.Literal(text.toString(), first.line());
    }

    private static Long integer(Token token) {
        BigInteger value = new BigInteger(token.text());
        if (value.bitLength() > 63) {
            throw TemplateException.at(token.line(), token.text() + ": too large (expected: 64 bits)");
        }
        return value.longValue();
    }

    private Expression parenthesis() {
        Expression inside = parseTuple(() -> tokens.peek().isOperator(")"));
        tokens.expectOperator(")");
        return inside;
    }

    private Expression list(int line) {
        List<Expression> items = new ArrayList<>();
        while (!tokens.skipOperator("]")) {
            separate(items.isEmpty());
            if (!tokens.peek().isOperator("]")) {
                items.add(parse());
            }
        }
        return new Expression.ListOf(items, false, line);
    }

    private Expression map(int line) {
        List<Expression> keys = new ArrayList<>();
        List<Expression> values = new ArrayList<>();
        while (!tokens.skipOperator("}")) {
            separate(keys.isEmpty());
            if (!tokens.peek().isOperator("}")) {
                keys.add(parse());
                tokens.expectOperator(":");
                values.add(parse());
            }
        }
        return new Expression.MapOf(keys, values, line);
    }

    private void separate(boolean first) {
        if (!first) {
            tokens.expectOperator(",");
        }
    }

    private Expression parsePostfix(Expression target) {
        Expression value = target;
        while (true) {
            int line = tokens.peek().line();
            if (tokens.skipOperator(".")) {
                value = attribute(value, line);
            } else if (tokens.skipOperator("[")) {
                value = subscript(value, line);
            } else if (tokens.peek().isOperator("(")) {
                value = new Expression.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expression attribute(Expression target, int line) {
        if (tokens.peek().is(Kind.INTEGER)) {
            return new Expression.Item(target, new Expression.Literal(integer(tokens.next()), line), line);
        }
        return new Expression.Attribute(
                target, tokens.expect(Kind.NAME, "a name").text(), line);
    }

    private Expression subscript(Expression target, int line) {
        Expression from = tokens.peek().isOperator(":") ? null : parse();
        if (from != null && tokens.skipOperator("]")) {
            return new Expression.Item(target, from, line);
        }
        tokens.expectOperator(":");
        Expression to = bound();
        Expression step = tokens.skipOperator(":") ? bound() : null;
        tokens.expectOperator("]");
        return new Expression.Slice(target, from, to, step, line);
    }

    private @Nullable Expression bound() {
        return tokens.peek().isOperator(":") || tokens.peek().isOperator("]") ? null : parse();
    }

    private Expression parseFilters(Expression target) {
        Expression value = target;
        while (true) {
            int line = tokens.peek().line();
            if (tokens.skipOperator("|")) {
                String name = tokens.expect(Kind.NAME, "the name of a filter").text();
                Arguments given = tokens.peek().isOperator("(") ? arguments() : Arguments.NONE;
                value = new Expression.Filter(value, name, given, line);
            } else if (tokens.skipName("is")) {
                value = test(value, line);
            } else if (tokens.peek().isOperator("(")) {
                value = new Expression.Call(value, arguments(), line);
            } else {
                return value;
            }
        }
    }

    private Expression test(Expression target, int line) {
        boolean negated = tokens.skipName("not");
        String name = tokens.expect(Kind.NAME, "the name of a test").text();
        Expression test = new Expression.Test(target, name, testArguments(), line);
        return negated ? new Expression.Not(test, line) : test;
    }

    private Arguments testArguments() {
        Token token = tokens.peek();
        if (token.isOperator("(")) {
            return arguments();
        }
        boolean value = VALUES.contains(token.kind()) || (token.is(Kind.OPERATOR) && OPENING.contains(token.text()));
        if (!value || (token.is(Kind.NAME) && AFTER_TEST.contains(token.text()))) {
            return Arguments.NONE;
        }
        if (token.isName("is")) {
            throw tokens.unexpected("one test after another in parentheses");
        }
        return new Arguments(List.of(parsePostfix(parsePrimary())), Map.of());
    }

    private Arguments arguments() {
        tokens.expectOperator("(");
        List<Expression> positional = new ArrayList<>();
        Map<String, Expression> named = new LinkedHashMap<>();
        while (!tokens.skipOperator(")")) {
            separate(positional.isEmpty() && named.isEmpty());
            if (tokens.peek().isOperator(")")) {
                continue;
            }
            if (tokens.peek().is(Kind.NAME) && tokens.peekNext().isOperator("=")) {
                String name = tokens.next().text();
                tokens.next();
                named.put(name, parse());
            } else if (named.isEmpty()) {
                positional.add(parse());
            } else {
                throw tokens.unexpected("a named argument");
            }
        }
        return new Arguments(positional, named);
    }
}
