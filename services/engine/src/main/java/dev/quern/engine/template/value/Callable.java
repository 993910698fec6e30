package dev.quern.engine.template.value;

/** A function, a method of a value, or a macro. */
@FunctionalInterface
public interface Callable {
    Object call(Given given);
}
