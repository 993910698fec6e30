package dev.quern.artifacts.folder;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.quern.artifacts.StoreForbiddenException;
import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.SecureRandom;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Base64;
import java.util.UUID;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;

/**
 * Signs what an address may be used for, with a secret that stays beside the parts, so that all processes of the store
 * agree.
 */
final class PartTokens {
    private static final String ALGORITHM = "HmacSHA256";
    private static final int SECRET_BYTES = 32;

    private final byte[] secret;
    private final InstantSource clock;

    /** One part of one upload, until then. */
    record Claim(String key, String upload, int number, Instant expires) {
        private String text() {
            // None of them holds a colon.
            return key + ":" + upload + ":" + number + ":" + expires.getEpochSecond();
        }

        private static Claim parse(String text) {
            String[] fields = text.split(":", -1);
            return new Claim(
                    fields[0],
                    fields[1],
                    Integer.parseInt(fields[2]),
                    Instant.ofEpochSecond(Long.parseLong(fields[3])));
        }
    }

    /** @param file of the secret, made when it is missing */
    PartTokens(Path file, InstantSource clock) throws IOException {
        this.clock = clock;
        if (!Files.exists(file)) {
            make(file);
        }
        this.secret = Files.readAllBytes(file);
    }

    private static void make(Path file) throws IOException {
        byte[] random = new byte[SECRET_BYTES];
        new SecureRandom().nextBytes(random);
        Path draft = file.resolveSibling(UUID.randomUUID() + ".new");
        try {
            Files.createFile(draft, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.write(draft, random);
            Files.createLink(file, draft);
        } catch (FileAlreadyExistsException e) {
            // Another process was first: its secret is the one.
        } finally {
            Files.deleteIfExists(draft);
        }
    }

    String sign(Claim claim) {
        byte[] text = claim.text().getBytes(UTF_8);
        Base64.Encoder encoder = Base64.getUrlEncoder().withoutPadding();
        return encoder.encodeToString(text) + "." + encoder.encodeToString(hmac(text));
    }

    Claim verify(String token) throws StoreForbiddenException {
        Claim claim = claim(token);
        if (!clock.instant().isBefore(claim.expires())) {
            throw new StoreForbiddenException("part " + claim.number(), "the address expired at " + claim.expires());
        }
        return claim;
    }

    private Claim claim(String token) throws StoreForbiddenException {
        try {
            int dot = token.indexOf('.');
            byte[] text = Base64.getUrlDecoder().decode(token.substring(0, Math.max(dot, 0)));
            byte[] signature = Base64.getUrlDecoder().decode(token.substring(dot + 1));
            if (MessageDigest.isEqual(signature, hmac(text))) {
                return Claim.parse(new String(text, UTF_8));
            }
        } catch (IllegalArgumentException e) {
            // Not Base64: no token of ours either.
        }
        throw new StoreForbiddenException("part", "the address was not made here");
    }

    private byte[] hmac(byte[] text) {
        try {
            Mac mac = Mac.getInstance(ALGORITHM);
            mac.init(new SecretKeySpec(secret, ALGORITHM));
            return mac.doFinal(text);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException(e);
        }
    }
}
