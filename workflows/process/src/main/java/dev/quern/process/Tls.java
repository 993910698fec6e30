package dev.quern.process;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContext;
import io.grpc.netty.shaded.io.netty.handler.ssl.SslContextBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import javax.net.ssl.SSLException;
import org.jspecify.annotations.Nullable;

/**
 * How a connection to Temporal is encrypted. All files are PEM; the key is PKCS#8 and not encrypted.
 *
 * @param ca signed the server's certificate; null trusts what the JVM trusts
 * @param certificate of this process; null where the server asks for none
 * @param key of the certificate
 */
public record Tls(
        @Nullable Path ca,
        @Nullable Path certificate,
        @Nullable Path key) {
    private static final String CA = "QUERN_TEMPORAL_TLS_CA";
    private static final String CERTIFICATE = "QUERN_TEMPORAL_TLS_CERTIFICATE";
    private static final String KEY = "QUERN_TEMPORAL_TLS_KEY";

    /** @throws QuernException INVALID_REQUEST for a file that cannot be read, or a certificate without its key */
    public Tls {
        readable(CA, ca);
        readable(CERTIFICATE, certificate);
        readable(KEY, key);
        if ((certificate == null) != (key == null)) {
            throw invalid(certificate == null ? CERTIFICATE : KEY, "missing", "both the certificate and its key");
        }
    }

    /**
     * What QUERN_TEMPORAL_TLS_CA, _CERTIFICATE and _KEY name; null when none is set, which leaves the connection open.
     */
    public static @Nullable Tls of(Map<String, String> environment) {
        Path ca = path(environment.get(CA));
        Path certificate = path(environment.get(CERTIFICATE));
        Path key = path(environment.get(KEY));
        return ca == null && certificate == null && key == null ? null : new Tls(ca, certificate, key);
    }

    SslContext context() {
        try {
            SslContextBuilder context = GrpcSslContexts.configure(SslContextBuilder.forClient());
            if (ca != null) {
                context.trustManager(ca.toFile());
            }
            if (certificate != null && key != null) {
                context.keyManager(certificate.toFile(), key.toFile());
            }
            return context.build();
        } catch (SSLException | IllegalArgumentException e) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "TLS to Temporal: " + e.getMessage() + " (expected: PEM files, a PKCS#8 key)",
                    e);
        }
    }

    private static @Nullable Path path(@Nullable String value) {
        return value == null || value.isBlank() ? null : Path.of(value.strip());
    }

    private static void readable(String name, @Nullable Path file) {
        if (file != null && !Files.isReadable(file)) {
            throw invalid(name, file.toString(), "a file that can be read");
        }
    }

    private static QuernException invalid(String name, String value, String expected) {
        return new QuernException(ErrorCode.INVALID_REQUEST, name + ": " + value + " (expected: " + expected + ")");
    }
}
