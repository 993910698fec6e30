package dev.quern.api.settings;

import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * What the api process takes from its callers at most, read once.
 *
 * @param maxBody bytes of a request body
 * @param bodies bytes of request bodies in memory at a time, over all requests
 * @param maxUnfinishedJobs of a tenant; more are refused with 429
 * @param requestsPerSecond of a principal, sustained; ten seconds' worth may come at once
 * @param maxStreams event streams and waiting answers open at a time, over all callers; one alone gets half of them
 */
@ConfigurationProperties("quern")
public record LimitProperties(
        @DefaultValue("1048576") int maxBody,
        @DefaultValue("4194304") int bodies,
        @DefaultValue("100") int maxUnfinishedJobs,
        @DefaultValue("50") int requestsPerSecond,
        @DefaultValue("64") int maxStreams) {}
