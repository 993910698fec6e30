package dev.quern.artifacts.s3;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * How to reach an S3 server.
 *
 * @param endpoint its address, for example {@code https://s3.eu-central-1.amazonaws.com}
 * @param publicEndpoint the address in presigned URLs, where clients reach the server by another one
 * @param patience a call that fails for reasons that pass is tried again for so long
 * @param partBytes of a multipart upload; what is smaller goes in one request. S3 asks for 5 MB or more
 */
public record S3Settings(
        String endpoint,
        String publicEndpoint,
        String region,
        String accessKey,
        String secretKey,
        Duration patience,
        int partBytes) {
    /** At most 10,000 parts: objects of 160 GB. */
    private static final int PART_BYTES = 16 << 20;

    private static final Duration PATIENCE = Duration.ofSeconds(60);

    /** What {@link #of} reads. */
    public static final List<String> NAMES = List.of(
            "QUERN_S3_ENDPOINT",
            "QUERN_S3_PUBLIC_ENDPOINT",
            "QUERN_S3_REGION",
            "QUERN_S3_ACCESS_KEY",
            "QUERN_S3_ACCESS_KEY_FILE",
            "QUERN_S3_SECRET_KEY",
            "QUERN_S3_SECRET_KEY_FILE");

    /**
     * Reads QUERN_S3_ENDPOINT, _PUBLIC_ENDPOINT, _REGION, _ACCESS_KEY or _ACCESS_KEY_FILE, _SECRET_KEY or
     * _SECRET_KEY_FILE.
     */
    public static S3Settings of(Map<String, String> environment) throws IOException {
        String endpoint = required(environment, "QUERN_S3_ENDPOINT", "the address of the S3 server");
        return new S3Settings(
                endpoint,
                environment.getOrDefault("QUERN_S3_PUBLIC_ENDPOINT", endpoint),
                environment.getOrDefault("QUERN_S3_REGION", "us-east-1"),
                secret(environment, "QUERN_S3_ACCESS_KEY"),
                secret(environment, "QUERN_S3_SECRET_KEY"),
                PATIENCE,
                PART_BYTES);
    }

    S3Settings withPatience(Duration other) {
        return new S3Settings(endpoint, publicEndpoint, region, accessKey, secretKey, other, partBytes);
    }

    private static String secret(Map<String, String> environment, String name) throws IOException {
        String file = environment.get(name + "_FILE");
        if (file != null && !file.isBlank()) {
            return Files.readString(Path.of(file)).strip();
        }
        return required(environment, name, "a key, or " + name + "_FILE with the name of a file that holds it");
    }

    private static String required(Map<String, String> environment, String name, String expected) {
        @Nullable String value = environment.get(name);
        if (value == null || value.isBlank()) {
            throw new IllegalArgumentException(name + ": not set (expected: " + expected + ")");
        }
        return value.strip();
    }

    /** Says nothing secret. */
    @Override
    public String toString() {
        return endpoint + " (" + region + ")";
    }
}
