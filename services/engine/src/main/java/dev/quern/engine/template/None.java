package dev.quern.engine.template;

/** Python's None. */
enum None {
    NONE
}
