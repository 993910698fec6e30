package dev.quern.contract;

/**
 * Where a result is.
 *
 * @param accepted by its gate; a result that was not lies in quarantine
 * @param message why it was not, empty where it was
 */
public record Published(boolean accepted, String message, String location, String digest) {}
