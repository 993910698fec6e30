package dev.quern.engine.template;

import dev.quern.engine.template.syntax.Expression;
import dev.quern.engine.template.syntax.Expression.Arguments;
import dev.quern.engine.template.value.Arithmetic;
import dev.quern.engine.template.value.Budget;
import dev.quern.engine.template.value.Callable;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.Members;
import dev.quern.engine.template.value.None;
import dev.quern.engine.template.value.Subscripts;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Tuple;
import dev.quern.engine.template.value.Undefined;
import dev.quern.engine.template.value.Values;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Gives expressions their values. */
final class Evaluator {
    private final Budget budget;
    private final Arithmetic arithmetic;
    private final Subscripts subscripts;
    private final Members members;
    private final Filters filters;

    Evaluator(Budget budget) {
        this.budget = budget;
        this.arithmetic = new Arithmetic(budget);
        this.subscripts = new Subscripts(budget);
        this.members = new Members(budget);
        this.filters = new Filters(budget);
    }

    /** @throws TemplateException with the line */
    Object value(Expression expression, Scope scope) {
        budget.step();
        try {
            return evaluate(expression, scope);
        } catch (TemplateException e) {
            throw e.orAt(expression.line());
        } catch (ArithmeticException e) {
            throw TemplateException.at(expression.line(), String.valueOf(e.getMessage()));
        }
    }

    boolean isTrue(Expression expression, Scope scope) {
        return Values.isTrue(value(expression, scope));
    }

    private Object evaluate(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Literal literal -> literal.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.Attribute attribute ->
                members.attribute(value(attribute.target(), scope), attribute.name());
            case Expression.Item item -> item(value(item.target(), scope), value(item.index(), scope));
            case Expression.Slice slice -> slice(slice, scope);
            case Expression.ListOf list -> list(list, scope);
            case Expression.MapOf map -> map(map, scope);
            case Expression.Call call -> call(call, scope);
            case Expression.Filter filter ->
                filters.apply(filter.name(), value(filter.target(), scope), given(filter.arguments(), scope));
            case Expression.Test test -> test(test, scope);
            case Expression.Not not -> !isTrue(not.operand(), scope);
            case Expression.Negative negative -> arithmetic.negative(value(negative.operand(), scope));
            case Expression.Binary binary ->
                arithmetic.apply(binary.operator(), value(binary.left(), scope), value(binary.right(), scope));
            case Expression.And and -> {
                Object left = value(and.left(), scope);
                yield Values.isTrue(left) ? value(and.right(), scope) : left;
            }
            case Expression.Or or -> {
                Object left = value(or.left(), scope);
                yield Values.isTrue(left) ? left : value(or.right(), scope);
            }
            case Expression.Comparison comparison -> compare(comparison, scope);
            case Expression.Conditional conditional -> conditional(conditional, scope);
        };
    }

    private Object item(Object target, Object index) {
        return index instanceof String name ? members.item(target, name) : subscripts.item(target, index);
    }

    private Object slice(Expression.Slice slice, Scope scope) {
        return subscripts.slice(
                value(slice.target(), scope),
                bound(slice.from(), scope),
                bound(slice.to(), scope),
                bound(slice.step(), scope));
    }

    private Object bound(@Nullable Expression bound, Scope scope) {
        return bound == null ? None.NONE : value(bound, scope);
    }

    private List<Object> list(Expression.ListOf list, Scope scope) {
        List<Object> items = new ArrayList<>();
        list.items().forEach(item -> items.add(value(item, scope)));
        return list.fixed() ? new Tuple(items) : items;
    }

    private Map<Object, Object> map(Expression.MapOf map, Scope scope) {
        Map<Object, Object> entries = new LinkedHashMap<>();
        for (int i = 0; i < map.keys().size(); i++) {
            entries.put(value(map.keys().get(i), scope), value(map.values().get(i), scope));
        }
        return entries;
    }

    private Object call(Expression.Call call, Scope scope) {
        Object target = value(call.target(), scope);
        if (target instanceof Callable callable) {
            return callable.call(given(call.arguments(), scope));
        }
        throw new TemplateException(Values.kind(target) + " cannot be called");
    }

    private boolean test(Expression.Test test, Scope scope) {
        Given given = given(test.arguments(), scope);
        if (!given.named().isEmpty()) {
            throw new TemplateException("test " + test.name() + ": named arguments (expected: none)");
        }
        return Tests.holds(test.name(), value(test.target(), scope), given.positional());
    }

    private Given given(Arguments arguments, Scope scope) {
        List<Object> positional = new ArrayList<>();
        arguments.positional().forEach(argument -> positional.add(value(argument, scope)));
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach((name, argument) -> named.put(name, value(argument, scope)));
        return new Given(positional, named);
    }

    private boolean compare(Expression.Comparison comparison, Scope scope) {
        Object left = value(comparison.first(), scope);
        for (int i = 0; i < comparison.operators().size(); i++) {
            Object right = value(comparison.operands().get(i), scope);
            if (!holds(comparison.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private static boolean holds(String operator, Object left, Object right) {
        return switch (operator) {
            case "==" -> Values.equal(left, right);
            case "!=" -> !Values.equal(left, right);
            case "in" -> Values.contains(right, left);
            case "not in" -> !Values.contains(right, left);
            case "<" -> Values.compare(left, right) < 0;
            case "<=" -> Values.compare(left, right) <= 0;
            case ">" -> Values.compare(left, right) > 0;
            default -> Values.compare(left, right) >= 0;
        };
    }

    private Object conditional(Expression.Conditional conditional, Scope scope) {
        if (isTrue(conditional.condition(), scope)) {
            return value(conditional.then(), scope);
        }
        Expression otherwise = conditional.otherwise();
        return otherwise == null ? new Undefined("the value of an if without else") : value(otherwise, scope);
    }
}
