package dev.quern.api.safety;

import dev.quern.api.caller.Caller;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.LongSupplier;

/** A bucket of requests per principal: ten seconds' worth may come at once, then they come at the sustained rate. */
final class RateFilter extends SafetyFilter {
    private static final long serialVersionUID = 1L;
    private static final int BURST_SECONDS = 10;

    private final int perSecond;
    private final transient LongSupplier nanos;
    private final transient ConcurrentHashMap<String, Bucket> buckets = new ConcurrentHashMap<>();

    RateFilter(int perSecond, LongSupplier nanos) {
        this.perSecond = perSecond;
        this.nanos = nanos;
    }

    /** @param filledAt when it held {@code tokens} */
    private record Bucket(double tokens, long filledAt) {}

    @Override
    void check(HttpServletRequest request, HttpServletResponse response) {
        Caller caller = Caller.of(request);
        if (caller != null && !take(caller.holder())) {
            throw new QuernException(
                    ErrorCode.TOO_MANY_REQUESTS,
                    "requests: more than " + perSecond + " a second (expected: fewer; try again in a moment)");
        }
    }

    private boolean take(String principal) {
        long now = nanos.getAsLong();
        double full = (double) perSecond * BURST_SECONDS;
        Bucket after = buckets.compute(principal, (name, bucket) -> {
            double held = bucket == null
                    ? full
                    : Math.min(full, Math.max(0, bucket.tokens()) + (now - bucket.filledAt()) * 1e-9 * perSecond);
            return new Bucket(held - 1, now);
        });
        return after.tokens() >= 0;
    }
}
