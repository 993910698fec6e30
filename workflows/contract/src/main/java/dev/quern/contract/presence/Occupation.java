package dev.quern.contract.presence;

import org.jspecify.annotations.Nullable;

/**
 * What a worker does at the moment.
 *
 * @param job null while it has nothing to do
 * @param what for people; null while it has nothing to do
 */
public record Occupation(@Nullable String job, @Nullable String what) {
    public static final Occupation NONE = new Occupation(null, null);
}
