package dev.quern.recipes.drawing;

import dev.quern.recipes.digest.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Base64;

/** The look of every page: one style sheet, served by the dashboard and written into the self-contained report. */
public final class Theme {
    private static final String CSS = read("quern.css") + HeatScale.css();

    private Theme() {}

    public static String css() {
        return CSS;
    }

    /** Short name of this version of the style sheet, for a URL that may be cached for good. */
    public static String version() {
        return Digests.sha256(CSS).substring(0, 12);
    }

    /** What a Content-Security-Policy names to allow the style element of the report and no other. */
    public static String cspHash() {
        return "'sha256-"
                + Base64.getEncoder().encodeToString(Digests.sha256().digest(CSS.getBytes(StandardCharsets.UTF_8)))
                + "'";
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
