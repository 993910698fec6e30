package dev.quern.recipes.drawing;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Base64;
import java.util.HexFormat;

/** The look of every page: one style sheet, served by the dashboard and written into the self-contained report. */
public final class Theme {
    private static final String CSS = read("quern.css") + HeatScale.css();

    private Theme() {}

    public static String css() {
        return CSS;
    }

    /** Short name of this version of the style sheet, for a URL that may be cached for good. */
    public static String version() {
        return HexFormat.of().formatHex(sha256(), 0, 6);
    }

    /** What a Content-Security-Policy names to allow the style element of the report and no other. */
    public static String cspHash() {
        return "'sha256-" + Base64.getEncoder().encodeToString(sha256()) + "'";
    }

    private static byte[] sha256() {
        try {
            return MessageDigest.getInstance("SHA-256").digest(CSS.getBytes(StandardCharsets.UTF_8));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("SHA-256: missing (expected: in every JDK)", e);
        }
    }

    private static String read(String name) {
        try (InputStream in = Theme.class.getResourceAsStream(name)) {
            if (in == null) {
                throw new IllegalStateException(name + ": missing (expected: beside " + Theme.class + ")");
            }
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
