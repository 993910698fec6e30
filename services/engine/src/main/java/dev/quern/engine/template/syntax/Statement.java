package dev.quern.engine.template.syntax;

import java.util.List;
import org.jspecify.annotations.Nullable;

/** A statement of a template. */
public sealed interface Statement {
    /** The line where it begins; 0 where only the statement around it has one. */
    default int line() {
        return 0;
    }

    /** Text as it stands. */
    record Text(String text) implements Statement {}

    record Print(Expression value) implements Statement {
        @Override
        public int line() {
            return value.line();
        }
    }

    /** One body more than conditions: the last one is {@code else}, empty where there is none. */
    record If(List<Expression> conditions, List<List<Statement>> bodies) implements Statement {}

    /** @param otherwise runs where there was nothing to walk over */
    record For(
            Target target,
            Expression values,
            @Nullable Expression filter,
            List<Statement> body,
            List<Statement> otherwise,
            int line)
            implements Statement {}

    record Set(Target target, Expression value, int line) implements Statement {}

    /** {@code set} around a body, whose text is the value. */
    record Capture(Target target, List<Statement> body, int line) implements Statement {}

    /** @param defaults of the last parameters */
    record Macro(String name, List<String> parameters, List<Expression> defaults, List<Statement> body)
            implements Statement {}

    /** A body that is marked but not changed: {@code generation}. */
    record Group(List<Statement> body) implements Statement {}

    record Break() implements Statement {}

    record Continue() implements Statement {}

    /** What is assigned to. */
    sealed interface Target {
        record Variable(String name) implements Target {}

        /** {@code namespace.name} */
        record Member(String namespace, String name) implements Target {}

        record Several(List<Target> targets) implements Target {}
    }
}
