package dev.quern.process;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.error.QuernException;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.netty.shaded.io.netty.handler.ssl.ClientAuth;
import io.grpc.stub.StreamObserver;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.api.workflowservice.v1.GetSystemInfoResponse;
import io.temporal.api.workflowservice.v1.WorkflowServiceGrpc;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.io.InputStream;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Mutual TLS as a Temporal server asks for it: both sides show a certificate that the other one trusts. */
class TlsTest {
    private static final char[] PASSWORD = "changeit".toCharArray();

    @TempDir
    Path folder;

    private Server server;
    private Tls ours;

    @BeforeEach
    void start() throws Exception {
        Tls theirs = certificate("server");
        Tls own = certificate("client");
        ours = new Tls(theirs.certificate(), own.certificate(), own.key());
        server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .sslContext(GrpcSslContexts.forServer(
                                theirs.certificate().toFile(), theirs.key().toFile())
                        .trustManager(own.certificate().toFile())
                        .clientAuth(ClientAuth.REQUIRE)
                        .build())
                .addService(new OneAnswer())
                .build()
                .start();
    }

    @AfterEach
    void stop() throws InterruptedException {
        server.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    }

    @Test
    void aTrustedCertificateIsLetIn() {
        assertThat(ask(ours).getServerVersion()).isEqualTo("1.32.1");
    }

    @Test
    void withoutACertificateNobodyIsLetIn() {
        assertThatThrownBy(() -> ask(new Tls(ours.ca(), null, null))).isInstanceOf(StatusRuntimeException.class);
        assertThatThrownBy(() -> ask(null)).isInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void aForeignServerIsNotTrusted() {
        assertThatThrownBy(() -> ask(new Tls(ours.certificate(), ours.certificate(), ours.key())))
                .isInstanceOf(StatusRuntimeException.class);
    }

    @Test
    void theFilesComeFromTheEnvironment() {
        assertThat(Tls.of(Map.of())).isNull();
        assertThat(Tls.of(Map.of(
                        "QUERN_TEMPORAL_TLS_CA", ours.ca().toString(),
                        "QUERN_TEMPORAL_TLS_CERTIFICATE", ours.certificate().toString(),
                        "QUERN_TEMPORAL_TLS_KEY", ours.key().toString())))
                .isEqualTo(ours);
        assertThatThrownBy(
                        () -> Tls.of(Map.of("QUERN_TEMPORAL_TLS_KEY", ours.key().toString())))
                .isInstanceOf(QuernException.class)
                .hasMessage("QUERN_TEMPORAL_TLS_CERTIFICATE: missing (expected: both the certificate and its key)");
        assertThatThrownBy(() -> Tls.of(Map.of("QUERN_TEMPORAL_TLS_CA", "/nowhere")))
                .hasMessage("QUERN_TEMPORAL_TLS_CA: /nowhere (expected: a file that can be read)");
    }

    private GetSystemInfoResponse ask(@Nullable Tls tls) {
        WorkflowServiceStubs stubs = Connections.connect("127.0.0.1:" + server.getPort(), null, tls);
        try {
            return stubs.blockingStub()
                    .withDeadlineAfter(10, TimeUnit.SECONDS)
                    .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
        } finally {
            stubs.shutdownNow();
        }
    }

    /** Signed by itself, as PEM; made by the JDK's own tool. */
    private Tls certificate(String name) throws Exception {
        Path store = folder.resolve(name + ".p12");
        Process keytool = new ProcessBuilder(
                        Path.of(System.getProperty("java.home"), "bin", "keytool")
                                .toString(),
                        "-genkeypair",
                        "-alias",
                        name,
                        "-keyalg",
                        "EC",
                        "-dname",
                        "CN=" + name,
                        "-ext",
                        "san=ip:127.0.0.1",
                        "-validity",
                        "2",
                        "-storetype",
                        "PKCS12",
                        "-keystore",
                        store.toString(),
                        "-storepass",
                        new String(PASSWORD))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("keytool.log").toFile())
                .start();
        assertThat(keytool.waitFor(60, TimeUnit.SECONDS)).isTrue();
        KeyStore keys = KeyStore.getInstance("PKCS12");
        try (InputStream in = Files.newInputStream(store)) {
            keys.load(in, PASSWORD);
        }
        return new Tls(
                null,
                pem(name + ".crt", "CERTIFICATE", keys.getCertificate(name).getEncoded()),
                pem(name + ".key", "PRIVATE KEY", keys.getKey(name, PASSWORD).getEncoded()));
    }

    private Path pem(String file, String type, byte[] der) throws Exception {
        String lines = Base64.getMimeEncoder(64, new byte[] {'\n'}).encodeToString(der);
        return Files.writeString(
                folder.resolve(file), "-----BEGIN " + type + "-----\n" + lines + "\n-----END " + type + "-----\n");
    }

    private static final class OneAnswer extends WorkflowServiceGrpc.WorkflowServiceImplBase {
        @Override
        public void getSystemInfo(GetSystemInfoRequest request, StreamObserver<GetSystemInfoResponse> answer) {
            answer.onNext(GetSystemInfoResponse.newBuilder()
                    .setServerVersion("1.32.1")
                    .build());
            answer.onCompleted();
        }
    }
}
