package dev.quern.engine.artifact;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Names an artifact by what it was made from: two artifacts of one name hold the same payload.
 *
 * @param kind what it is
 * @param position of a block, its statistics and its parts: its index; of a stream: the index of the block that it enters
 * @param inputKey SHA-256 over everything that decides the payload, see {@link Provenance}
 */
public record ArtifactName(Kind kind, int position, String inputKey) {
    private static final Pattern FILE = Pattern.compile("(block|stream|statistics|part)-([0-9]{5})-([0-9a-f]{64})");

    public enum Kind {
        /** The compressed linears of a block. */
        BLOCK,
        /** The hidden states of one tile at a block's entry. */
        STREAM,
        /** H of one work unit of a block, summed over one run of tiles. */
        STATISTICS,
        /** The compressed linears of one work unit of a block. */
        PART
    }

    /** A file name and a key's last part, as in {@code block-00003-9f86…}. */
    public String fileName() {
        return "%s-%05d-%s".formatted(kind.name().toLowerCase(Locale.ROOT), position, inputKey);
    }

    /**
     * @throws IllegalArgumentException when it is not a {@link #fileName}
     */
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
