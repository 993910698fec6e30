package dev.quern.engine.template.syntax;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** An expression of a template, as it is written. */
public sealed interface Expression {
    /** From 1. */
    int line();

    record Literal(Object value, int line) implements Expression {}

    record Name(String name, int line) implements Expression {}

    /** {@code target.name} */
    record Attribute(Expression target, String name, int line) implements Expression {}

    /** {@code target[index]} */
    record Item(Expression target, Expression index, int line) implements Expression {}

    /** {@code target[from:to:step]} */
    record Slice(
            Expression target,
            @Nullable Expression from,
            @Nullable Expression to,
            @Nullable Expression step,
            int line) implements Expression {}

    /** @param fixed a tuple, which differs from a list in how it is printed */
    record ListOf(List<Expression> items, boolean fixed, int line) implements Expression {}

    record MapOf(List<Expression> keys, List<Expression> values, int line) implements Expression {}

    record Call(Expression target, Arguments arguments, int line) implements Expression {}

    /** {@code target | name(arguments)} */
    record Filter(Expression target, String name, Arguments arguments, int line) implements Expression {}

    /** {@code target is name(arguments)} */
    record Test(Expression target, String name, Arguments arguments, int line) implements Expression {}

    record Not(Expression operand, int line) implements Expression {}

    /** {@code -operand}; a plus changes nothing and is no node */
    record Negative(Expression operand, int line) implements Expression {}

    /** Arithmetic, and {@code ~}. */
    record Binary(String operator, Expression left, Expression right, int line) implements Expression {}

    record And(Expression left, Expression right, int line) implements Expression {}

    record Or(Expression left, Expression right, int line) implements Expression {}

    /** {@code first < second <= third}: operators.get(i) stands before operands.get(i). */
    record Comparison(Expression first, List<String> operators, List<Expression> operands, int line)
            implements Expression {}

    /** {@code then if condition else otherwise} */
    record Conditional(
            Expression condition, Expression then, @Nullable Expression otherwise, int line) implements Expression {}

    /** The arguments of a call, a filter or a test. */
    record Arguments(List<Expression> positional, Map<String, Expression> named) {
        static final Arguments NONE = new Arguments(List.of(), Map.of());
    }
}
