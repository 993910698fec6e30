package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/**
 * A head of its own beside {@code tie_word_embeddings: true}. Savers of old leave a second copy of the embedding there;
 * but where the bytes differ the head was trained, and the flag is wrong.
 */
public final class TiedHead {
    private static final String FLAG = "tie_word_embeddings";
    /** Compared at a time: heads of two models differ in the first piece, and far away no more is fetched. */
    private static final long PIECE = 64L << 20;

    private TiedHead() {}

    static boolean isTied(ModelConfig config) {
        return config.flag(FLAG, false);
    }

    /** The same without the tie. */
    public static ModelConfig untied(ModelConfig config) {
        return new ModelConfig(config.raw().with(FLAG, false), config.path());
    }

    static boolean isCopy(CheckpointFiles files, CheckpointFiles.Range head, CheckpointFiles.Range embedding) {
        if (head.length() != embedding.length()) {
            return false;
        }
        for (long at = 0; at < head.length(); at += PIECE) {
            try (Arena arena = Arena.ofConfined()) {
                long length = Math.min(PIECE, head.length() - at);
                MemorySegment piece = files.map(head.name(), head.offset() + at, length, arena);
                MemorySegment other = files.map(embedding.name(), embedding.offset() + at, length, arena);
                if (piece.mismatch(other) >= 0) {
                    return false;
                }
            }
        }
        return true;
    }
}
