package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.ConnectException;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** What a running stack shows to the machine and to the network. */
class StackSafetyIT {
    private static TestStack stack;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        stack = TestStack.start(1);
    }

    @AfterAll
    static void stop() throws IOException, InterruptedException {
        stack.close();
    }

    @Test
    void noPortIsReachableFromANonLoopbackAddress() throws IOException {
        InetAddress outside = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && address instanceof Inet4Address)
                .findFirst()
                .orElse(null);
        Assumptions.assumeTrue(outside != null, "this machine has a loopback interface only");

        for (int port : ports()) {
            try (Socket inside = new Socket(InetAddress.getLoopbackAddress(), port);
                    Socket socket = new Socket()) {
                assertThat(inside.isConnected()).isTrue();
                assertThatThrownBy(() -> socket.connect(new InetSocketAddress(outside, port), 2_000))
                        .as("port " + port)
                        .isInstanceOf(ConnectException.class);
            }
        }
    }

    /** The ports of the api, of Temporal, of the leases and of PostgreSQL. */
    private static List<Integer> ports() throws IOException {
        String temporal = stack.lease().stack().temporal();
        List<String> postmaster = Files.readAllLines(stack.data().resolve("pg/data/postmaster.pid"));
        return List.of(
                URI.create(stack.lease().stack().url()).getPort(),
                Integer.parseInt(temporal.substring(temporal.indexOf(':') + 1)),
                stack.lease().stack().leasePort(),
                Integer.parseInt(postmaster.get(3).strip()));
    }

    @Test
    void withoutAKeyTheApiAnswers401() throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            URI jobs = URI.create(stack.lease().stack().url() + "/api/v1/jobs");

            HttpResponse<String> response =
                    http.send(HttpRequest.newBuilder(jobs).build(), HttpResponse.BodyHandlers.ofString());

            assertThat(response.statusCode()).isEqualTo(401);
        }
    }

    @Test
    void secretsAreReadableByTheirOwnerOnly() throws IOException {
        for (String name : List.of("token", "stack.json", "format")) {
            assertThat(PosixFilePermissions.toString(
                            Files.getPosixFilePermissions(stack.data().resolve(name))))
                    .as(name)
                    .isEqualTo("rw-------");
        }
    }

    @Test
    void noCommandLineHoldsTheKey() {
        String token = stack.lease().token();

        assertThat(stack.process()
                        .descendants()
                        .map(process -> process.info().commandLine().orElse("")))
                .isNotEmpty()
                .noneMatch(line -> line.contains(token));
    }
}
