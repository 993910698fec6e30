package dev.quern.embedded;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.testing.Await;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LeaseServerTest {
    @TempDir
    Path path;

    private DataFolder folder;
    private LeaseServer server;
    private volatile String trouble = "";
    private final AtomicInteger hurries = new AtomicInteger();

    @BeforeEach
    void start() throws IOException {
        folder = new DataFolder(path);
        folder.openLock().close();
        folder.prepare();
        server = LeaseServer.start(
                folder.token(), () -> "http://127.0.0.1/login?link=x", () -> trouble, hurries::incrementAndGet);
        StackInfo info = new StackInfo(
                "b", 1, "http://127.0.0.1:1", "127.0.0.1:2", "file:///s", server.port(), 1, Instant.EPOCH);
        folder.writePrivate("stack.json", info.toJson());
    }

    @AfterEach
    void stop() throws IOException {
        server.close();
    }

    @Test
    void aLeaseCountsWhileItsConnectionLives() throws InterruptedException {
        StackLease first = StackLease.attach(folder).orElseThrow();
        StackLease second = StackLease.attach(folder).orElseThrow();
        assertThat(server.count()).isEqualTo(2);
        assertThat(server.closeIfIdle()).isFalse();

        first.close();
        second.close();

        Await.within(Duration.ofMinutes(1), "the lease is given back").until(() -> server.count() == 0);
    }

    @Test
    void aLinkIsGivenToWhoHoldsALease() {
        try (StackLease lease = StackLease.attach(folder).orElseThrow()) {
            assertThat(lease.link()).isEqualTo("http://127.0.0.1/login?link=x");
        }
    }

    @Test
    void whoHoldsALeaseIsToldWhatKeepsTheStackFromRunning() {
        try (StackLease lease = StackLease.attach(folder).orElseThrow()) {
            assertThat(lease.trouble()).isEmpty();

            trouble = "worker-1 ended 3 times before it was ready: no library (log: /x)";

            assertThat(lease.trouble()).contains(trouble);
            lease.hurry();
            assertThat(hurries).hasValue(1);
        }
    }

    @Test
    void withoutTheKeyThereIsNoLease() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.getOutputStream().write("quern_guess lease\n".getBytes(StandardCharsets.UTF_8));

            assertThat(socket.getInputStream().read()).isEqualTo(-1);
        }
        assertThat(server.count()).isZero();
    }

    @Test
    void aGreetingWithoutAnEndIsCutOff() throws IOException {
        try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port())) {
            socket.setSoTimeout(4_000);
            socket.getOutputStream().write("x".repeat(300).getBytes(StandardCharsets.UTF_8));

            assertThat(socket.getInputStream().read())
                    .as("closed before the time for greetings is over")
                    .isEqualTo(-1);
        }
        assertThat(server.count()).isZero();
    }

    @Test
    void anEndingStackGivesNoLease() {
        assertThat(server.closeIfIdle()).isTrue();

        assertThat(StackLease.attach(folder)).isEmpty();
    }
}
