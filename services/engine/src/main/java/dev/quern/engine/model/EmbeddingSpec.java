package dev.quern.engine.model;

/**
 * The embedding of a decoder.
 *
 * @param weight the name of its table, [vocabulary, hidden]
 */
public record EmbeddingSpec(String weight, int vocabulary, int hidden) {}
