package dev.quern.control.workflow;

import dev.quern.control.ControlProperties;
import dev.quern.process.Connections;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

/** Puts the connection to Temporal into Spring. */
@Configuration(proxyBeanMethods = false)
@Import(Workflows.class)
class WorkflowConfiguration {
    @Bean(destroyMethod = "shutdownNow")
    WorkflowServiceStubs temporal(ControlProperties properties) {
        ControlProperties.Temporal to = properties.temporal();
        return Connections.connect(to.address(), to.token(), to.tls());
    }

    @Bean
    WorkflowClient workflowClient(WorkflowServiceStubs temporal, ControlProperties properties) {
        return WorkflowClient.newInstance(
                temporal,
                WorkflowClientOptions.newBuilder()
                        .setNamespace(properties.temporal().namespace())
                        .build());
    }
}
