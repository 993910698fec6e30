package dev.quern.engine.template;

import dev.quern.engine.template.syntax.Expression;
import dev.quern.engine.template.syntax.Statement;
import dev.quern.engine.template.syntax.Statement.Target;
import dev.quern.engine.template.value.Budget;
import dev.quern.engine.template.value.Callable;
import dev.quern.engine.template.value.Given;
import dev.quern.engine.template.value.Loop;
import dev.quern.engine.template.value.Namespace;
import dev.quern.engine.template.value.TemplateException;
import dev.quern.engine.template.value.Undefined;
import dev.quern.engine.template.value.Values;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Runs statements. */
final class Renderer {
    private final Budget budget = new Budget();
    private final Evaluator evaluator = new Evaluator(budget);
    private StringBuilder output = new StringBuilder();

    /** How a body ended. */
    private enum End {
        NORMAL,
        BREAK,
        CONTINUE
    }

    static String render(List<Statement> statements, Map<String, Object> variables) {
        Renderer renderer = new Renderer();
        Scope globals = new Scope(null);
        Functions.all(renderer.budget).forEach(globals::set);
        variables.forEach(globals::set);
        renderer.run(statements, new Scope(globals));
        return renderer.output.toString();
    }

    private End run(List<Statement> statements, Scope scope) {
        for (Statement statement : statements) {
            End end = placed(statement, scope);
            if (end != End.NORMAL) {
                return end;
            }
        }
        return End.NORMAL;
    }

    /** Runs a statement; what goes wrong in it has its line, if no part of it has one. */
    private End placed(Statement statement, Scope scope) {
        try {
            budget.step();
            return run(statement, scope);
        } catch (TemplateException e) {
            throw e.orAt(statement.line());
        }
    }

    private End run(Statement statement, Scope scope) {
        switch (statement) {
            case Statement.Text text -> print(text.text());
            case Statement.Print print -> print(Values.text(evaluator.value(print.value(), scope)));
            case Statement.Set set -> assign(set.target(), evaluator.value(set.value(), scope), scope);
            case Statement.Capture capture -> {
                String text = captured(capture.body(), new Scope(scope));
                assign(capture.target(), text, scope);
            }
            case Statement.Macro macro -> scope.set(macro.name(), (Callable) given -> call(macro, given, scope));
            case Statement.If branches -> {
                return run(chosen(branches, scope), scope);
            }
            case Statement.For loop -> run(loop, scope);
            case Statement.Group group -> {
                return run(group.body(), scope);
            }
            case Statement.Break stop -> {
                return End.BREAK;
            }
            case Statement.Continue next -> {
                return End.CONTINUE;
            }
        }
        return End.NORMAL;
    }

    private void print(String text) {
        budget.characters(text.length());
        output.append(text);
    }

    private List<Statement> chosen(Statement.If branches, Scope scope) {
        int body = 0;
        while (body < branches.conditions().size()
                && !evaluator.isTrue(branches.conditions().get(body), scope)) {
            body++;
        }
        return branches.bodies().get(body);
    }

    private void run(Statement.For loop, Scope scope) {
        List<Object> items = Values.items(evaluator.value(loop.values(), scope), budget);
        Expression filter = loop.filter();
        if (filter != null) {
            items = items.stream()
                    .filter(item -> {
                        Scope inside = new Scope(scope);
                        assign(loop.target(), item, inside);
                        return evaluator.isTrue(filter, inside);
                    })
                    .toList();
        }
        if (items.isEmpty()) {
            run(loop.otherwise(), new Scope(scope));
        }
        walk(loop, items, scope);
    }

    private void walk(Statement.For loop, List<Object> items, Scope scope) {
        Loop state = new Loop(items);
        for (int i = 0; i < items.size(); i++) {
            state.moveTo(i);
            Scope inside = new Scope(scope);
            inside.set("loop", state);
            assign(loop.target(), items.get(i), inside);
            if (run(loop.body(), inside) == End.BREAK) {
                return;
            }
        }
    }

    private void assign(Target target, Object value, Scope scope) {
        switch (target) {
            case Target.Variable variable -> scope.set(variable.name(), value);
            case Target.Member member -> {
                if (!(scope.get(member.namespace()) instanceof Namespace namespace)) {
                    throw new TemplateException(
                            member.namespace() + "." + member.name() + " is set (expected: of a namespace)");
                }
                namespace.set(member.name(), value);
            }
            case Target.Several several -> {
                List<Object> values = Values.items(value, budget);
                if (values.size() != several.targets().size()) {
                    throw new TemplateException(values.size() + " values (expected: "
                            + several.targets().size() + ")");
                }
                for (int i = 0; i < values.size(); i++) {
                    assign(several.targets().get(i), values.get(i), scope);
                }
            }
        }
    }

    /** What a body prints. */
    private String captured(List<Statement> body, Scope scope) {
        StringBuilder outside = output;
        output = new StringBuilder();
        run(body, scope);
        String text = output.toString();
        output = outside;
        return text;
    }

    private String call(Statement.Macro macro, Given given, Scope defined) {
        Given bound = given.bound(macro.parameters().toArray(String[]::new));
        Scope inside = new Scope(defined);
        int required = macro.parameters().size() - macro.defaults().size();
        for (int i = 0; i < macro.parameters().size(); i++) {
            String name = macro.parameters().get(i);
            @Nullable
            Expression otherwise = i < required ? null : macro.defaults().get(i - required);
            inside.set(name, bound.has(name) ? bound.get(name) : missing(name, otherwise, inside));
        }
        return captured(macro.body(), inside);
    }

    private Object missing(String name, @Nullable Expression otherwise, Scope inside) {
        return otherwise == null ? new Undefined(name) : evaluator.value(otherwise, inside);
    }
}
