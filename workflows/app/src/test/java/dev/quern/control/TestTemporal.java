package dev.quern.control;

import com.google.protobuf.util.Durations;
import dev.quern.contract.Connections;
import dev.quern.temporal.TemporalServer;
import dev.quern.testing.TestBackends;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.ListWorkflowExecutionsRequest;
import io.temporal.api.workflowservice.v1.RegisterNamespaceRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import java.io.IOException;
import java.time.Duration;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Temporal for one test: its in-process server, or a namespace of the test's own on the real server. */
final class TestTemporal implements AutoCloseable {
    /** The in-process server asks for it; the real one of the tests asks for none and ignores it. */
    static final String TOKEN = "the-key";

    private static final Duration NAMESPACE = Duration.ofSeconds(60);

    private final String address;
    private final String namespace;
    private @Nullable TemporalServer server;

    private TestTemporal(String address, String namespace, @Nullable TemporalServer server) {
        this.address = address;
        this.namespace = namespace;
        this.server = server;
    }

    static TestTemporal start() throws IOException {
        if (TestBackends.external()) {
            TestTemporal real = new TestTemporal(
                    TestBackends.required("QUERN_TEST_TEMPORAL"), "quern-test-" + UUID.randomUUID(), null);
            real.register();
            return real;
        }
        TemporalServer own = TemporalServer.start(TOKEN);
        return new TestTemporal(own.address(), "default", own);
    }

    String address() {
        return address;
    }

    String namespace() {
        return namespace;
    }

    /** Whether a server that dies takes along what it knew. */
    boolean forgets() {
        return server != null;
    }

    /** Dies as by kill -9 and comes back at the same address. */
    void killAndRestart() throws IOException {
        if (server == null) {
            TestBackends.killAndRestart("temporal");
            return;
        }
        server.close();
        server = TemporalServer.start(TOKEN, Integer.parseInt(address.substring(address.indexOf(':') + 1)));
    }

    private void register() {
        WorkflowServiceStubs stubs = Connections.connect(address, null);
        try {
            stubs.blockingStub()
                    .registerNamespace(RegisterNamespaceRequest.newBuilder()
                            .setNamespace(namespace)
                            .setWorkflowExecutionRetentionPeriod(Durations.fromDays(1))
                            .build());
            awaitUsable(stubs);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            stubs.shutdownNow();
        }
    }

    /** The services of the server learn of a new namespace after seconds. */
    private void awaitUsable(WorkflowServiceStubs stubs) throws InterruptedException {
        long end = System.nanoTime() + NAMESPACE.toNanos();
        while (true) {
            try {
                stubs.blockingStub()
                        .listWorkflowExecutions(ListWorkflowExecutionsRequest.newBuilder()
                                .setNamespace(namespace)
                                .setPageSize(1)
                                .build());
                return;
            } catch (StatusRuntimeException e) {
                if (System.nanoTime() > end) {
                    throw e;
                }
                Thread.sleep(200);
            }
        }
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
