package dev.quern.testing;

import com.google.protobuf.Duration;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.ListWorkflowExecutionsRequest;
import io.temporal.api.workflowservice.v1.RegisterNamespaceRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.util.UUID;
import java.util.concurrent.TimeUnit;

/** A namespace of a test's own on a real Temporal server. It stays: the server's folder is thrown away as a whole. */
public final class TestNamespace {
    private static final long DAY_SECONDS = 86_400;
    private static final long USABLE_SECONDS = 60;

    private TestNamespace() {}

    /**
     * Returns when the namespace can be used.
     *
     * @param address host:port of the server
     */
    public static String create(String address) {
        String name = "quern-test-" + UUID.randomUUID();
        WorkflowServiceStubs stubs = WorkflowServiceStubs.newServiceStubs(
                WorkflowServiceStubsOptions.newBuilder().setTarget(address).build());
        try {
            stubs.blockingStub()
                    .registerNamespace(RegisterNamespaceRequest.newBuilder()
                            .setNamespace(name)
                            .setWorkflowExecutionRetentionPeriod(
                                    Duration.newBuilder().setSeconds(DAY_SECONDS))
                            .build());
            awaitUsable(stubs, name);
            return name;
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted", e);
        } finally {
            stubs.shutdownNow();
        }
    }

    /** The services of the server learn of a new namespace after seconds. */
    private static void awaitUsable(WorkflowServiceStubs stubs, String name) throws InterruptedException {
        long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(USABLE_SECONDS);
        while (true) {
            try {
                stubs.blockingStub()
                        .listWorkflowExecutions(ListWorkflowExecutionsRequest.newBuilder()
                                .setNamespace(name)
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
}
