package dev.quern.contract;

import io.temporal.authorization.AuthorizationGrpcMetadataProvider;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.serviceclient.WorkflowServiceStubsOptions;
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
        WorkflowServiceStubsOptions.Builder options =
                WorkflowServiceStubsOptions.newBuilder().setTarget(address);
        if (token != null) {
            options.addGrpcMetadataProvider(new AuthorizationGrpcMetadataProvider(() -> "Bearer " + token));
        }
        return WorkflowServiceStubs.newServiceStubs(options.build());
    }
}
