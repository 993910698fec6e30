package dev.quern.api.settings;

import java.time.Duration;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings of the api process, read once.
 *
 * @param store where artifacts are, for example {@code file:///data/store}
 * @param sources where sources may be beside local folders, {@code s3://bucket/prefix} between commas
 * @param outputs where outputs may go outside the store, likewise
 * @param hosts names beside localhost under which this server may be called
 * @param proxies addresses and networks of proxies whose X-Forwarded-Proto is believed
 * @param maxBody bytes of a request body
 * @param bodies bytes of request bodies in memory at a time, over all requests
 * @param maxUnfinishedJobs of a tenant; more are refused with 429
 * @param requestsPerSecond of a principal, sustained; ten seconds' worth may come at once
 * @param maxStreams event streams and waiting answers open at a time, over all callers; one alone gets half of them
 * @param session how long a dashboard session lasts
 * @param uploads how long an upload is kept that its client has abandoned
 * @param partAddress how long a part may be sent to its address
 * @param estimate how long a request waits for an estimate
 * @param eventPoll how often an event stream looks for events, and a waiting answer at its job
 * @param heartbeat how often an idle event stream sends a comment, which is how it finds out that its client has gone
 */
@ConfigurationProperties("quern")
public record ApiProperties(
        @Nullable String store,
        @DefaultValue("") String sources,
        @DefaultValue("") String outputs,
        @DefaultValue List<String> hosts,
        @DefaultValue List<String> proxies,
        @DefaultValue("1048576") int maxBody,
        @DefaultValue("4194304") int bodies,
        @DefaultValue("100") int maxUnfinishedJobs,
        @DefaultValue("50") int requestsPerSecond,
        @DefaultValue("64") int maxStreams,
        @DefaultValue("30d") Duration session,
        @DefaultValue("7d") Duration uploads,
        @DefaultValue("1h") Duration partAddress,
        @DefaultValue("30s") Duration estimate,
        @DefaultValue("400ms") Duration eventPoll,
        @DefaultValue("2s") Duration heartbeat) {}
