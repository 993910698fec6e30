package dev.quern.control;

import dev.quern.jobs.access.AccessRepository;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The first API key of an installation: the operator made it and put it into a file. Only its SHA-256 goes into the
 * database. Another key in the file takes its place.
 */
final class BootstrapKey {
    private static final Logger LOG = LoggerFactory.getLogger(BootstrapKey.class);
    /** 128 bits in hexadecimal digits: what nobody guesses. */
    private static final int LEAST = 32;

    private BootstrapKey() {}

    /**
     * @throws QuernException INVALID_REQUEST for a file that cannot be read, or a key that is too short; it never says
     *     the key
     */
    static void register(Path file, AccessRepository access, String tenant) {
        String key = read(file);
        if (key.length() < LEAST || key.chars().anyMatch(Character::isWhitespace)) {
            throw invalid(file, "one line with a random key of at least " + LEAST + " characters");
        }
        access.registerOnly(key, new Principal(tenant, "operator", Set.of(Scope.values())));
        LOG.info("the key in {} is valid for everything", file);
    }

    private static String read(Path file) {
        try {
            return Files.readString(file).strip();
        } catch (IOException e) {
            throw invalid(file, "a file that can be read");
        }
    }

    private static QuernException invalid(Path file, String expected) {
        return new QuernException(
                ErrorCode.INVALID_REQUEST, "QUERN_BOOTSTRAP_KEY_FILE: " + file + " (expected: " + expected + ")");
    }
}
