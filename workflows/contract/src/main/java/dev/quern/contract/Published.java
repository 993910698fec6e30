package dev.quern.contract;

/**
 * Where the results are.
 *
 * @param accepted all of them by their gate; a result that was not is in quarantine
 * @param message why one was not, empty where all were
 * @param location of the first; the rows have the others
 * @param digest of the first
 */
public record Published(boolean accepted, String message, String location, String digest) {}
