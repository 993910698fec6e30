package dev.quern.engine.model;

/**
 * The output head of a decoder: a norm, and a matrix to the vocabulary.
 *
 * @param norm the name of the norm's weight
 * @param eps of the norm
 * @param ownWeight the name of its matrix, [vocabulary, hidden], where it is not the embedding's
 * @param tied its matrix is the embedding's
 */
public record HeadSpec(String norm, double eps, String ownWeight, boolean tied) {}
