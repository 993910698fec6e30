package dev.quern.control;

import dev.quern.process.Tls;
import java.nio.file.Path;
import java.time.Duration;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings of the control process, read once.
 *
 * @param scratch a folder for outputs that are not published yet and for what is remembered of sources
 * @param cacheMb megabytes of the local copies of distant sources
 * @param reconcile how often rows and workflows are compared
 * @param slice a compute activity hands over after so long; zero is after every block
 * @param workers among whom a job is shared out, where its owner does not say; others may come and go
 * @param workerThreads of each of them; 0 divides the cores of this machine
 * @param retention what a job used stays so long after its end
 * @param http of health and metrics
 * @param bootstrapKeyFile holds the first API key; null where there is one already
 */
@ConfigurationProperties("quern")
public record ControlProperties(
        Temporal temporal,
        Path scratch,
        @DefaultValue("8192") int cacheMb,
        @DefaultValue("500ms") Duration reconcile,
        @DefaultValue("2m") Duration slice,
        @DefaultValue("4") int workers,
        @DefaultValue("0") int workerThreads,
        @DefaultValue("7d") Duration retention,
        @DefaultValue Http http,
        @Nullable Path bootstrapKeyFile) {
    /**
     * @param address host:port
     * @param token null where the port asks for none
     * @param tls null where the connection is open
     */
    public record Temporal(
            String address,
            @Nullable String token,
            @DefaultValue("default") String namespace,
            @Nullable Tls tls) {}

    /** @param port on the loopback interface; 0 takes a free one */
    public record Http(@DefaultValue("0") int port) {}
}
