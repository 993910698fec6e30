package dev.quern.testing;

import com.google.protobuf.util.Durations;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.ListWorkflowExecutionsRequest;
import io.temporal.api.workflowservice.v1.RegisterNamespaceRequest;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Duration;
import java.util.UUID;

/** A namespace of a test's own on a real Temporal server. It stays: the server's folder is thrown away as a whole. */
public final class TestNamespace {
    private static final Duration USABLE = Duration.ofMinutes(1);

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
                            .setWorkflowExecutionRetentionPeriod(Durations.fromDays(1))
                            .build());
            awaitUsable(stubs, name);
            return name;
        } finally {
            stubs.shutdownNow();
        }
    }

    /** The services of the server learn of a new namespace after seconds. */
    private static void awaitUsable(WorkflowServiceStubs stubs, String name) {
        ListWorkflowExecutionsRequest request = ListWorkflowExecutionsRequest.newBuilder()
                .setNamespace(name)
                .setPageSize(1)
                .build();
        Await.within(USABLE, "namespace " + name)
                .ignoreException(StatusRuntimeException.class)
                .until(() -> stubs.blockingStub().listWorkflowExecutions(request) != null);
    }
}
