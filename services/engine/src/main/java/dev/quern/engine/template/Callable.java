package dev.quern.engine.template;

/** A function, a method of a value, or a macro. */
@FunctionalInterface
interface Callable {
    Object call(Given given);
}
