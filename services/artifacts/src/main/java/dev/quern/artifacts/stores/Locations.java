package dev.quern.artifacts.stores;

import dev.quern.artifacts.s3.S3Location;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * The places outside the store that this installation reads sources from, or publishes outputs to.
 *
 * @param allowed they and all below them
 */
public record Locations(List<S3Location> allowed) {
    public Locations {
        allowed = List.copyOf(allowed);
    }

    /**
     * @param list addresses between commas, {@code s3://bucket} or {@code s3://bucket/prefix}; blank allows none
     * @throws IllegalArgumentException that names an address which is none
     */
    public static Locations parse(String list) {
        List<S3Location> locations = new ArrayList<>();
        for (String address : list.split(",", -1)) {
            if (!address.isBlank()) {
                locations.add(S3Location.parse(address.strip()));
            }
        }
        return new Locations(locations);
    }

    /** What was expected instead of this address; empty when it is allowed. */
    public Optional<String> refusal(String uri) {
        try {
            S3Location location = S3Location.parse(uri);
            if (allowed.stream().anyMatch(place -> place.contains(location))) {
                return Optional.empty();
            }
        } catch (IllegalArgumentException e) {
            // No address of S3 is no allowed one.
        }
        return Optional.of(
                allowed.isEmpty()
                        ? "no address: none is configured"
                        : "an address under "
                                + allowed.stream().map(S3Location::toString).collect(Collectors.joining(" or ")));
    }
}
