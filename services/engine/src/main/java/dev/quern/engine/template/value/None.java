package dev.quern.engine.template.value;

/** Python's None. */
public enum None {
    NONE
}
