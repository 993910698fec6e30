package dev.quern.jobs.access;

import java.security.SecureRandom;
import java.util.Base64;

/** Random tokens and the only form in which they are stored. */
final class Secrets {
    private static final SecureRandom RANDOM = new SecureRandom();

    private Secrets() {}

    /** 256 random bits, 43 URL-safe characters after the prefix. */
    static String token(String prefix) {
        byte[] bits = new byte[32];
        RANDOM.nextBytes(bits);
        return prefix + Base64.getUrlEncoder().withoutPadding().encodeToString(bits);
    }
}
