package dev.quern.temporal;

import io.grpc.Server;
import io.grpc.ServerInterceptors;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.temporal.internal.testservice.TestServicesStarter;
import io.temporal.internal.testservice.TestWorkflowService;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Temporal's in-process services behind a port of the loopback interface that asks for the key. They keep everything in
 * memory: what is lost with the process, the reconciler starts again from the rows. Time never skips.
 */
public final class TemporalServer implements AutoCloseable {
    private static final int MAX_MESSAGE = 16 << 20;
    private static final long CLOSE_SECONDS = 5;

    private final TestServicesStarter services;
    private final Server server;

    private TemporalServer(TestServicesStarter services, Server server) {
        this.services = services;
        this.server = server;
    }

    /** A server on a free port. */
    public static TemporalServer start(String token) throws IOException {
        return start(token, 0);
    }

    /**
     * @param token what callers send as {@code authorization: Bearer TOKEN}
     * @param port 0 for a free one
     */
    public static TemporalServer start(String token, int port) throws IOException {
        TestServicesStarter services = new TestServicesStarter(true, 0);
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus("", ServingStatus.SERVING);
        health.setStatus("temporal.api.workflowservice.v1.WorkflowService", ServingStatus.SERVING);
        TestWorkflowService workflows = services.getWorkflowService();
        // The starter's third service moves the clock: nobody needs it here.
        Server server = NettyServerBuilder.forAddress(new InetSocketAddress(InetAddress.getLoopbackAddress(), port))
                .intercept(new TokenInterceptor(token))
                .maxInboundMessageSize(MAX_MESSAGE)
                // The SDK pings every 30 s; the default allows one ping in five minutes and hangs up.
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(health.getHealthService())
                .addService(services.getOperatorService())
                .addService(
                        ServerInterceptors.intercept(workflows, new LateCancelInterceptor(new LateCancels(workflows))))
                .build();
        return new TemporalServer(services, server.start());
    }

    /** {@code host:port}. */
    public String address() {
        return "127.0.0.1:" + server.getPort();
    }

    /** Forgets everything; the port is free afterwards. */
    @Override
    public void close() {
        server.shutdownNow();
        services.close();
        try {
            server.awaitTermination(CLOSE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
