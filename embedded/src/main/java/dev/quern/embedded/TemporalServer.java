package dev.quern.embedded;

import io.grpc.BindableService;
import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.temporal.internal.testservice.TestServicesStarter;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.concurrent.TimeUnit;

/**
 * Temporal's in-process services behind a port of the loopback interface that asks for the key. They keep everything in memory: what is
 * lost with the process, the reconciler starts again from the rows. Time never skips.
 */
final class TemporalServer implements AutoCloseable {
    private static final int MAX_MESSAGE = 16 << 20;

    private final TestServicesStarter services;
    private final Server server;

    private TemporalServer(TestServicesStarter services, Server server) {
        this.services = services;
        this.server = server;
    }

    static TemporalServer start(String token) throws IOException {
        TestServicesStarter services = new TestServicesStarter(true, 0);
        HealthStatusManager health = new HealthStatusManager();
        health.setStatus("", ServingStatus.SERVING);
        health.setStatus("temporal.api.workflowservice.v1.WorkflowService", ServingStatus.SERVING);
        NettyServerBuilder server = NettyServerBuilder.forAddress(
                        new InetSocketAddress(InetAddress.getLoopbackAddress(), 0))
                .intercept(new TokenInterceptor(token))
                .maxInboundMessageSize(MAX_MESSAGE)
                // The SDK pings every 30 s; the default allows one ping in five minutes and hangs up.
                .permitKeepAliveTime(5, TimeUnit.SECONDS)
                .permitKeepAliveWithoutCalls(true)
                .addService(health.getHealthService());
        // The third service moves the clock: nobody needs it here.
        for (BindableService service :
                new BindableService[] {services.getWorkflowService(), services.getOperatorService()}) {
            server.addService(service);
        }
        return new TemporalServer(services, server.build().start());
    }

    String address() {
        return "127.0.0.1:" + server.getPort();
    }

    @Override
    public void close() {
        server.shutdownNow();
        services.close();
    }
}
