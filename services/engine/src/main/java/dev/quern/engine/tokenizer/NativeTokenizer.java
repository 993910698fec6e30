package dev.quern.engine.tokenizer;

import ai.djl.huggingface.tokenizers.jni.CharSpan;
import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.util.Arrays;

/** A tokenizer of Hugging Face's library, in native memory. Thread-safe until closed. */
public final class NativeTokenizer implements AutoCloseable {
    private final TokenizersLibrary library;
    private final long handle;

    /** Tokens of a text in order. */
    public static final class Encoded {
        private final int[] ids;
        private final int[] starts;

        Encoded(int[] ids, int[] starts) {
            this.ids = ids;
            this.starts = starts;
        }

        public int size() {
            return ids.length;
        }

        public int id(int token) {
            return ids[token];
        }

        /** Where a token begins, in code points; -1 for special tokens that stand for no text. */
        public int start(int token) {
            return starts[token];
        }

        public int[] ids(int from, int to) {
            return Arrays.copyOfRange(ids, from, to);
        }
    }

    /** @throws RuntimeException when the text is no tokenizer.json */
    NativeTokenizer(TokenizersLibrary library, String json) {
        this.library = library;
        this.handle = library.createTokenizerFromString(json);
        // Limits stored for inference would shorten or pad our documents.
        library.disableTruncation(handle);
        library.disablePadding(handle);
    }

    /** @param special with the tokens that the post-processor adds */
    int[] encode(String text, boolean special) {
        long encoding = library.encode(handle, text, special);
        try {
            return ids(encoding);
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    /** As {@link #encode}, with the places of all tokens. */
    Encoded encodeWithPlaces(String text, boolean special) {
        long encoding = library.encode(handle, text, special);
        try {
            CharSpan[] spans = library.getTokenCharSpans(encoding);
            int[] starts = new int[spans.length];
            for (int i = 0; i < starts.length; i++) {
                starts[i] = spans[i] == null ? -1 : spans[i].getStart();
            }
            return new Encoded(ids(encoding), starts);
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    private int[] ids(long encoding) {
        long[] ids = library.getTokenIds(encoding);
        int[] tokens = new int[ids.length];
        for (int i = 0; i < ids.length; i++) {
            tokens[i] = Math.toIntExact(ids[i]);
        }
        return tokens;
    }

    @Override
    public void close() {
        library.deleteTokenizer(handle);
    }
}
