package dev.quern.process;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.temporal.api.workflowservice.v1.GetSystemInfoRequest;
import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
import java.time.Duration;
import org.jspecify.annotations.Nullable;

/** Connections to Temporal. */
public final class Connections {
    private Connections() {}

    /**
     * Connects at the first call.
     *
     * @param address host:port
     * @param token goes along as {@code authorization: Bearer TOKEN}; null where the port asks for none
     */
    public static WorkflowServiceStubs connect(String address, @Nullable String token) {
        return connect(address, token, null);
    }

    /** @param tls null leaves the connection open: for loopback and for networks that are closed themselves */
    public static WorkflowServiceStubs connect(String address, @Nullable String token, @Nullable Tls tls) {
        WorkflowServiceStubsOptions.Builder options =
                WorkflowServiceStubsOptions.newBuilder().setTarget(address);
        if (token != null) {
            options.addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(() -> "Bearer " + token));
        }
        if (tls != null) {
            options.setSslContext(tls.context());
        }
        return WorkflowServiceStubs.newServiceStubs(options.build());
    }

    /**
     * Asks once whether Temporal answers and lets us in, so that a wrong address or key is named at once instead of
     * being tried for ever. A Temporal that is not there yet is waited for.
     *
     * @throws QuernException UNAUTHENTICATED for a wrong key, UNAVAILABLE when nothing answers in time
     */
    public static void require(WorkflowServiceStubs temporal, String address, Duration patience) {
        try {
            temporal.blockingStub()
                    .withWaitForReady()
                    .withDeadlineAfter(patience)
                    .getSystemInfo(GetSystemInfoRequest.getDefaultInstance());
        } catch (StatusRuntimeException e) {
            throw explained(e.getStatus(), address, e);
        }
    }

    private static QuernException explained(Status status, String address, StatusRuntimeException cause) {
        return switch (status.getCode()) {
            case UNAUTHENTICATED, PERMISSION_DENIED ->
                new QuernException(
                        ErrorCode.UNAUTHENTICATED,
                        "key: refused by Temporal at " + address
                                + " (expected: the one of that installation; the key of an embedded stack is in DATA/token)",
                        cause);
            default ->
                new QuernException(
                        ErrorCode.UNAVAILABLE, "Temporal at " + address + " cannot be reached: " + status, cause);
        };
    }
}
