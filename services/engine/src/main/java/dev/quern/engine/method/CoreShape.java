package dev.quern.engine.method;

/** What is known of a compressed linear's values before they are there: how they are represented. */
public sealed interface CoreShape permits IntegerShape {
    /** Bytes of the values of a linear [rows, cols] in an artifact. */
    long payloadBytes(int rows, int cols);
}
