package dev.quern.contract;

/**
 * Whether the results passed; where they are, the rows have.
 *
 * @param accepted all of them by their gate; a result that was not is in quarantine
 * @param message why one was not, empty where all were
 */
public record Published(boolean accepted, String message) {}
