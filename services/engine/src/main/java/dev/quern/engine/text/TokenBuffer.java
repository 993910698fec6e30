package dev.quern.engine.text;

import java.util.Arrays;

/** Ids of documents, one after the other, until there are enough. */
final class TokenBuffer {
    private final int vocabulary;
    private final int wanted;
    private int[] tokens = new int[1 << 14];
    private int size;

    TokenBuffer(int vocabulary, long wanted) {
        this.vocabulary = vocabulary;
        this.wanted = Math.toIntExact(wanted);
    }

    /** Adds a document; false when no more are needed. */
    boolean add(Documents documents, String place, int[] ids) {
        int count = Math.min(ids.length, wanted - size);
        for (int i = 0; i < count; i++) {
            if (ids[i] >= vocabulary) {
                throw documents.invalid(
                        place,
                        "token id " + ids[i] + " (expected: less than the model's vocabulary of " + vocabulary + ")",
                        null);
            }
        }
        if (size + count > tokens.length) {
            tokens = Arrays.copyOf(tokens, (int) Math.min(wanted, Math.max(2L * tokens.length, size + count)));
        }
        System.arraycopy(ids, 0, tokens, size, count);
        size += count;
        return size < wanted;
    }

    /** Whole windows; what is left over is dropped. */
    TokenWindows windows(Documents documents, String source, int seqLen) {
        if (size < seqLen) {
            throw documents.invalid(
                    "file", size + " tokens (expected: at least " + seqLen + ", one window of seqLen)", null);
        }
        return new TokenWindows(source, documents.template(), seqLen, Arrays.copyOf(tokens, size / seqLen * seqLen));
    }
}
