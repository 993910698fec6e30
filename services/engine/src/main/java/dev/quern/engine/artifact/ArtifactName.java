package dev.quern.engine.artifact;

import java.util.Arrays;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Names an artifact by what it was made from: two artifacts of one name hold the same payload.
 *
 * @param kind what it is
 * @param position of a block, its statistics, its sketches and its parts: its index; of a stream and its gradient: the
 *     index of the block that it enters
 * @param inputKey SHA-256 over everything that decides the payload, see {@link Provenance}
 */
public record ArtifactName(Kind kind, int position, String inputKey) {
    private static final Pattern FILE = Pattern.compile("(%s)-([0-9]{5})-([0-9a-f]{64})"
            .formatted(Arrays.stream(Kind.values()).map(Kind::word).collect(Collectors.joining("|"))));

    /** How long an artifact is of use. */
    public enum Lifetime {
        /** Later jobs on the same inputs start from it; retention deletes it when no job needs it. */
        RESULT,
        /**
         * Only the job that runs needs it, and can make it again at little cost; deleted at the job's end or before.
         */
        INTERMEDIATE
    }

    /** What an artifact holds. */
    public enum Kind {
        /** The compressed linears of a block. */
        BLOCK(Lifetime.RESULT),
        /** The hidden states of one tile at a block's entry. */
        STREAM(Lifetime.INTERMEDIATE),
        /** H of one work unit of a block, summed over one run of tiles. */
        STATISTICS(Lifetime.INTERMEDIATE),
        /** The gradient of the loss by the hidden states of one tile at a block's entry. */
        GRADIENT(Lifetime.INTERMEDIATE),
        /** One factor of the sketch of a linear, summed over one run of tiles. */
        SKETCH(Lifetime.RESULT),
        /** The compressed linears of one work unit of a block. */
        PART(Lifetime.INTERMEDIATE);

        private final Lifetime lifetime;

        Kind(Lifetime lifetime) {
            this.lifetime = lifetime;
        }

        public Lifetime lifetime() {
            return lifetime;
        }

        /** What the file names of this kind start with, as in {@code block-}. */
        public String prefix() {
            return word() + "-";
        }

        private String word() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /** A file name and a key's last part, as in {@code block-00003-9f86…}. */
    public String fileName() {
        return positionPrefix() + inputKey;
    }

    /** What the file names of this kind at this position start with, as in {@code block-00003-}. */
    public String positionPrefix() {
        return "%s%05d-".formatted(kind.prefix(), position);
    }

    /** @throws IllegalArgumentException when it is not a {@link #fileName} */
    public static ArtifactName parse(String fileName) {
        Matcher matcher = FILE.matcher(fileName);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "artifact: " + fileName + " (expected: a kind, as in block-NNNNN-KEY or stream-NNNNN-KEY)");
        }
        Kind kind = Kind.valueOf(matcher.group(1).toUpperCase(Locale.ROOT));
        return new ArtifactName(kind, Integer.parseInt(matcher.group(2)), matcher.group(3));
    }

    @Override
    public String toString() {
        return fileName();
    }
}
