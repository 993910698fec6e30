package dev.quern.temporal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.Socket;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class TemporalServerTest {
    private TemporalServer server;

    @BeforeEach
    void start() throws IOException {
        server = TemporalServer.start("the-key", 0);
    }

    @AfterEach
    void stop() {
        server.close();
    }

    @Test
    void answersWhoHasTheKey() {
        WorkflowServiceStubs stubs = stubs("the-key");
        try {
            assertThat(stubs.blockingStub().getSystemInfo(GetSystemInfoRequest.getDefaultInstance()))
                    .isNotNull();
            stubs.connect(Duration.ofMinutes(1));
        } finally {
            stubs.shutdownNow();
        }
    }

    @Test
    void refusesACallWithoutTheKey() {
        refused(null);
    }

    @Test
    void refusesACallWithAnotherKey() {
        refused("the-kez");
    }

    private void refused(@Nullable String key) {
        WorkflowServiceStubs stubs = stubs(key);
        try {
            assertThatThrownBy(() -> stubs.blockingStub()
                            .withDeadlineAfter(Duration.ofMinutes(1))
                            .getSystemInfo(GetSystemInfoRequest.getDefaultInstance()))
                    .isInstanceOfSatisfying(
                            StatusRuntimeException.class,
                            e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.UNAUTHENTICATED));
        } finally {
            stubs.shutdownNow();
        }
    }

    @Test
    void isNotReachableFromAnotherInterface() throws IOException {
        InetAddress outside = NetworkInterface.networkInterfaces()
                .flatMap(NetworkInterface::inetAddresses)
                .filter(address -> !address.isLoopbackAddress() && address instanceof java.net.Inet4Address)
                .findFirst()
                .orElse(null);
        Assumptions.assumeTrue(outside != null, "this machine has a loopback interface only");
        int port = Integer.parseInt(server.address().substring(server.address().indexOf(':') + 1));

        try (Socket socket = new Socket()) {
            assertThatThrownBy(() -> socket.connect(new InetSocketAddress(outside, port), 2_000))
                    .isInstanceOf(ConnectException.class);
        }
    }

    private WorkflowServiceStubs stubs(@Nullable String key) {
        WorkflowServiceStubsOptions.Builder options =
                WorkflowServiceStubsOptions.newBuilder().setTarget(server.address());
        if (key != null) {
            options.addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(() -> "Bearer " + key));
        }
        return WorkflowServiceStubs.newServiceStubs(options.build());
    }
}
