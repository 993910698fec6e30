package dev.quern.engine.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonException;
import java.nio.file.Path;
import java.util.Objects;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * A model's tokenizer, read by Hugging Face's tokenizers through DJL's native binding: {@code tokenizer.json} with the
 * {@link AddedTokens} of the files beside it. Only the native calls are used: the library's own loader looks for GPUs,
 * downloads and reports home, so it is never reached. Nothing is read before the first text, so token ids need no
 * tokenizer. Thread-safe until closed.
 */
public final class Tokenizer implements AutoCloseable {
    private final TokenizerFiles files;
    private @Nullable NativeTokenizer loaded;
    private boolean closed;
    private boolean chatTemplateRead;
    private @Nullable ChatTemplate chatTemplate;

    private Tokenizer(TokenizerFiles files) {
        this.files = files;
    }

    /**
     * Loads the native library, which takes a moment, before the first tokenizer needs it.
     *
     * @throws QuernException NATIVE_LIBRARY
     */
    public static void load() {
        Objects.requireNonNull(TokenizerNatives.library());
    }

    /** The tokenizer of a checkpoint folder. */
    public static Tokenizer open(Path folder) {
        return new Tokenizer(TokenizerFiles.of(folder));
    }

    /** The tokenizer of an open checkpoint, which it must not outlive. */
    public static Tokenizer open(Checkpoint checkpoint) {
        return new Tokenizer(TokenizerFiles.of(checkpoint));
    }

    /**
     * The ids of a document, with the special tokens that the file's post-processor adds.
     *
     * @throws QuernException INVALID_CHECKPOINT when the files are missing, not a tokenizer, contradict each other, or
     *     when their rules fail on the text; NATIVE_LIBRARY
     */
    public int[] encode(String text) {
        return encode(text, true);
    }

    /** The same; special tokens of the post-processor are added only where {@code special} says so. */
    public int[] encode(String text, boolean special) {
        NativeTokenizer tokenizer = loaded();
        return refusing(() -> tokenizer.encode(text, special));
    }

    /** As {@link #encode(String, boolean)}, with the places of the tokens. */
    public NativeTokenizer.Encoded encodeWithPlaces(String text, boolean special) {
        NativeTokenizer tokenizer = loaded();
        return refusing(() -> tokenizer.encodeWithPlaces(text, special));
    }

    /**
     * How the model writes chats; null where it does not say.
     *
     * @throws QuernException INVALID_CHECKPOINT as {@link ChatTemplate#of}
     */
    @Nullable
    public synchronized ChatTemplate chatTemplate() {
        if (!chatTemplateRead) {
            chatTemplate = ChatTemplate.of(files);
            chatTemplateRead = true;
        }
        return chatTemplate;
    }

    private synchronized NativeTokenizer loaded() {
        if (closed) {
            throw new IllegalStateException("tokenizer: closed");
        }
        if (loaded == null) {
            loaded = load(TokenizerNatives.library());
        }
        return loaded;
    }

    private NativeTokenizer load(TokenizersLibrary library) {
        String main = files.main();
        AddedTokens added = AddedTokens.of(files);
        try {
            String merged = added.merged(main);
            NativeTokenizer tokenizer = refusing(() -> new NativeTokenizer(library, merged));
            String complete = checked(tokenizer, added, main, merged);
            if (complete.equals(merged)) {
                return tokenizer;
            }
            tokenizer.close();
            return refusing(() -> new NativeTokenizer(library, complete));
        } catch (JsonException e) {
            throw files.refusal("added_tokens: " + e.getMessage(), e);
        }
    }

    /** The merged file with what it still lacks. */
    private String checked(NativeTokenizer tokenizer, AddedTokens added, String main, String merged) {
        try {
            added.check(main, token -> refusing(() -> tokenizer.encode(token, false)));
            return added.completed(merged, token -> refusing(() -> tokenizer.encode(token, false)).length == 1);
        } catch (RuntimeException e) {
            tokenizer.close();
            throw e;
        }
    }

    /** What the library does not do is the files' fault. */
    private <T> T refusing(Supplier<T> call) {
        try {
            return call.get();
        } catch (RuntimeException e) {
            throw files.refusal(String.valueOf(e.getMessage()), e);
        }
    }

    @Override
    public synchronized void close() {
        closed = true;
        if (loaded != null) {
            loaded.close();
            loaded = null;
        }
    }
}
