package dev.quern.api.settings;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * Where the api process may read and write, read once.
 *
 * @param store where artifacts are, for example {@code file:///data/store}
 * @param sources where sources may be beside local folders, {@code s3://bucket/prefix} between commas
 * @param outputs where outputs may go outside the store, likewise
 */
@ConfigurationProperties("quern")
public record PlaceProperties(
        @Nullable String store,
        @DefaultValue("") String sources,
        @DefaultValue("") String outputs) {}
