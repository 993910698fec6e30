package dev.quern.artifacts.s3;

import dev.quern.artifacts.StoreForbiddenException;
import dev.quern.artifacts.StoreFullException;
import dev.quern.artifacts.StoreUnavailableException;
import io.minio.Http;
import io.minio.MinioAsyncClient;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.InvalidResponseException;
import io.minio.errors.MinioException;
import io.minio.errors.XmlParserException;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Date;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import okhttp3.Dispatcher;
import okhttp3.Interceptor;
import okhttp3.OkHttpClient;
import okhttp3.Protocol;
import okhttp3.Response;

/**
 * Calls of the MinIO client, waited for, tried again while that can help, their errors sorted into ours. One for all
 * buckets of a server; its threads are virtual and end with the process.
 */
final class S3Client {
    private static final Duration CONNECT = Duration.ofSeconds(10);
    /** Between two bytes. */
    private static final Duration IDLE = Duration.ofSeconds(60);

    /** S3 allows fifteen minutes. */
    private static final Duration CLOCKS_AGREE = Duration.ofMinutes(5);

    private static final int CALLS_AT_ONCE = 64;

    /** What S3 says with status 400, or with status 200 and an error in the body, and means for this moment only. */
    private static final Set<String> PASSING = Set.of(
            "InternalError",
            "SlowDown",
            "ServiceUnavailable",
            "RequestTimeout",
            "IncompleteBody",
            "BadDigest",
            "XAmzContentSHA256Mismatch");

    private static final Set<String> FULL =
            Set.of("XMinioStorageFull", "QuotaExceeded", "XMinioAdminBucketQuotaExceeded", "InsufficientStorage");

    private final MinioAsyncClient minio;
    private final MinioAsyncClient outside;
    private final S3Settings settings;

    S3Client(S3Settings settings) {
        this.settings = settings;
        OkHttpClient http = http();
        this.minio = client(settings, settings.endpoint(), http);
        this.outside = client(settings, settings.publicEndpoint(), http);
    }

    private static MinioAsyncClient client(S3Settings settings, String endpoint, OkHttpClient http) {
        return MinioAsyncClient.builder()
                .endpoint(endpoint)
                .region(settings.region())
                .credentials(settings.accessKey(), settings.secretKey())
                .httpClient(http)
                .build();
    }

    private static OkHttpClient http() {
        Dispatcher dispatcher = new Dispatcher(Executors.newVirtualThreadPerTaskExecutor());
        dispatcher.setMaxRequests(CALLS_AT_ONCE);
        dispatcher.setMaxRequestsPerHost(CALLS_AT_ONCE);
        OkHttpClient client = new OkHttpClient.Builder()
                .dispatcher(dispatcher)
                .protocols(List.of(Protocol.HTTP_1_1))
                .connectTimeout(CONNECT)
                .readTimeout(IDLE)
                .writeTimeout(IDLE)
                .addInterceptor(S3Client::sortStatus)
                .build();
        try {
            return Http.enableExternalCertificatesFromEnv(client);
        } catch (MinioException e) {
            throw new IllegalStateException("SSL_CERT_FILE, SSL_CERT_DIR: " + e.getMessage(), e);
        }
    }

    S3Settings settings() {
        return settings;
    }

    /** Signs requests that others send, to the address by which they reach the server. */
    MinioAsyncClient outside() {
        return outside;
    }

    /** One of the client's calls. */
    @FunctionalInterface
    interface Call<T> {
        CompletableFuture<T> start(MinioAsyncClient minio);
    }

    /**
     * Calls, again and again while the server is away or overloaded, for as long as {@link S3Settings#patience} says.
     *
     * @param what is done to which key, for messages
     * @throws StoreUnavailableException when patience has run out
     * @throws S3StatusException for other answers than success
     */
    <T> T call(String what, Call<T> call) throws IOException {
        Patience patience = new Patience(settings.patience());
        while (true) {
            try {
                return await(what, call);
            } catch (StoreUnavailableException e) {
                patience.waitOrThrow(what, e);
            }
        }
    }

    private <T> T await(String what, Call<T> call) throws IOException {
        CompletableFuture<T> answer = call.start(minio);
        try {
            return answer.get();
        } catch (InterruptedException e) {
            answer.cancel(true);
            Thread.currentThread().interrupt();
            throw new InterruptedIOException(what + ": interrupted");
        } catch (ExecutionException e) {
            throw sorted(what, e.getCause() == null ? e : e.getCause());
        }
    }

    private static IOException sorted(String what, Throwable error) {
        return switch (error) {
            case CompletionException wrapped when wrapped.getCause() != null -> sorted(what, wrapped.getCause());
            case PassingStatus status -> new StoreUnavailableException(what + ": " + status.getMessage());
            case FullStatus status -> new StoreFullException(what, String.valueOf(status.getMessage()));
            case ErrorResponseException answer -> sorted(what, answer);
            // Half an answer, or one of a proxy.
            case XmlParserException broken -> new StoreUnavailableException(what, broken);
            case InvalidResponseException broken ->
                new S3StatusException(what, 0, "InvalidResponse", String.valueOf(broken.getMessage()));
            case IOException broken -> new StoreUnavailableException(what, broken);
            default -> new IOException(what + ": " + error, error);
        };
    }

    private static IOException sorted(String what, ErrorResponseException answer) {
        String code = answer.errorResponse().code();
        String message = Objects.requireNonNullElse(answer.errorResponse().message(), "");
        int status = answer.response().code();
        if (PASSING.contains(code)) {
            return new StoreUnavailableException(what + ": " + code + ", " + message);
        }
        if (FULL.contains(code)) {
            return new StoreFullException(what, code + ", " + message);
        }
        return status == 403 || status == 401
                ? new StoreForbiddenException(what, code + ", " + message + clocks(answer.response()))
                : new S3StatusException(what, status, code, message);
    }

    /**
     * Both clocks, where they differ by more than a request takes: S3 refuses what is signed at another time than its
     * own.
     */
    private static String clocks(Response response) {
        Instant here = Instant.now().truncatedTo(ChronoUnit.SECONDS);
        Date there = response.headers().getDate("Date");
        return there == null || Duration.between(there.toInstant(), here).abs().compareTo(CLOCKS_AGREE) <= 0
                ? ""
                : "; this machine's clock shows " + here + ", the store's " + there.toInstant();
    }

    /** Before the client reads the body, which a proxy may have written. */
    private static Response sortStatus(Interceptor.Chain chain) throws IOException {
        Response response = chain.proceed(chain.request());
        int status = response.code();
        if (status == 507) {
            response.close();
            throw new FullStatus("507 Insufficient Storage");
        }
        if (status == 408 || status == 429 || status == 500 || status == 502 || status == 503 || status == 504) {
            response.close();
            throw new PassingStatus(status + " " + response.message());
        }
        return response;
    }

    private static final class PassingStatus extends IOException {
        private static final long serialVersionUID = 1L;

        PassingStatus(String message) {
            super(message);
        }
    }

    private static final class FullStatus extends IOException {
        private static final long serialVersionUID = 1L;

        FullStatus(String message) {
            super(message);
        }
    }
}
