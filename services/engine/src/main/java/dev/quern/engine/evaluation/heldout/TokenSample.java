package dev.quern.engine.evaluation.heldout;

/**
 * The tokens of a window on which linears are measured: the first, then the last of every 16 that follow. The first one
 * stands for itself alone, each other one for all since the one before it. The states of a first token may be hundreds
 * of times as large as all others, so that it would decide a ratio of sums in which it had more than its share.
 *
 * <p>Only the place within the window counts, so the sample does not depend on how a text is split.
 *
 * @param seqLen tokens of a window
 */
public record TokenSample(int seqLen) {
    private static final int STRIDE = 16;

    /** Tokens of the sample in a window. */
    public int count() {
        return 1 + Math.ceilDiv(seqLen - 1, STRIDE);
    }

    /** The place in the window of a token of the sample. */
    int position(int token) {
        return Math.min(token * STRIDE, seqLen - 1);
    }

    /** The number of tokens that one of the sample stands for; all together the tokens of a window. */
    int weight(int token) {
        return token == 0 ? 1 : position(token) - position(token - 1);
    }

    /** The places of the sample of so many windows, one after the other. */
    int[] positions(int windows) {
        int[] positions = new int[windows * count()];
        for (int i = 0; i < positions.length; i++) {
            positions[i] = i / count() * seqLen + position(i % count());
        }
        return positions;
    }
}
