package dev.quern.api.settings;

import java.time.Duration;
import java.util.List;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The settings of the api process, read once.
 *
 * @param hosts names beside localhost under which this server may be called
 * @param proxies addresses and networks of proxies whose X-Forwarded-Proto is believed
 * @param session how long a dashboard session lasts
 * @param uploads how long an upload is kept that its client has abandoned
 * @param partAddress how long a part may be sent to its address
 * @param estimate how long a request waits for an estimate
 * @param eventPoll how often an event stream looks for events, and a waiting answer at its job
 * @param heartbeat how often an idle event stream sends a comment, which is how it finds out that its client has gone
 */
@ConfigurationProperties("quern")
public record ApiProperties(
        @DefaultValue List<String> hosts,
        @DefaultValue List<String> proxies,
        @DefaultValue("30d") Duration session,
        @DefaultValue("7d") Duration uploads,
        @DefaultValue("1h") Duration partAddress,
        @DefaultValue("30s") Duration estimate,
        @DefaultValue("400ms") Duration eventPoll,
        @DefaultValue("2s") Duration heartbeat) {}
