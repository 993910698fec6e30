package dev.quern.engine.method;

/** How the values of a compressed linear are represented. */
public sealed interface Core permits IntegerGrid {
    /** The same without the values. */
    CoreShape shape();

    /** True for equal values in the same shape. */
    boolean sameAs(Core other);
}
