package dev.quern.engine.method;

/** What is known of a compressed linear's values before they are there: how they are represented. */
public sealed interface CoreShape permits IntegerShape {}
