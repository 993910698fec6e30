package dev.quern.api.caller;

import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Base64;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/**
 * The token that proves that a form came from one of our pages: an HMAC under the session's own secret, so nothing is
 * stored and no other site can compute it.
 */
public final class FormToken {
    /** The name of the form field, and the header for requests without a form. */
    public static final String FIELD = "csrf";

    public static final String HEADER = "X-CSRF-Token";

    private FormToken() {}

    public static String of(String session) {
        try {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(session.getBytes(StandardCharsets.UTF_8), "HmacSHA256"));
            byte[] tag = mac.doFinal("quern form".getBytes(StandardCharsets.UTF_8));
            return Base64.getUrlEncoder().withoutPadding().encodeToString(tag);
        } catch (GeneralSecurityException e) {
            throw new IllegalStateException("HmacSHA256: missing (expected: in every JDK)", e);
        }
    }

    /** Compares in constant time. */
    public static boolean matches(String expected, @Nullable String given) {
        return given != null
                && MessageDigest.isEqual(
                        expected.getBytes(StandardCharsets.UTF_8), given.getBytes(StandardCharsets.UTF_8));
    }
}
