package dev.quern.engine.calibration;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Objects;

/**
 * A model's {@code tokenizer.json}, read by Hugging Face's tokenizers through DJL's native binding. Only the native calls are used:
 * the library's own loader looks for GPUs, downloads and reports home, so it is never reached. Thread-safe until closed.
 */
public final class Tokenizer implements AutoCloseable {
    private static final String FILE = "tokenizer.json";
    private static final int MAX_BYTES = 512 << 20;

    private final String name;
    private final TokenizersLibrary library;
    private final long handle;
    private boolean closed;

    private Tokenizer(String name, TokenizersLibrary library, long handle) {
        this.name = name;
        this.library = library;
        this.handle = handle;
    }

    /**
     * Loads the native library, which takes a moment, before the first tokenizer needs it.
     *
     * @throws QuernException NATIVE_LIBRARY
     */
    public static void load() {
        Objects.requireNonNull(TokenizerNatives.library());
    }

    /**
     * Reads {@code tokenizer.json} of a checkpoint folder.
     *
     * @throws QuernException INVALID_CHECKPOINT when it is missing or not a tokenizer; NATIVE_LIBRARY
     */
    public static Tokenizer open(Path folder) {
        Path file = folder.resolve(FILE);
        try {
            return of(Files.readString(file), file.toString());
        } catch (NoSuchFileException e) {
            throw missing(file.toString());
        } catch (CharacterCodingException e) {
            throw invalid(file.toString(), "not UTF-8", e);
        } catch (IOException e) {
            throw invalid(file.toString(), "cannot be read, " + e, e);
        }
    }

    /** As {@link #open(Path)} from an open checkpoint; throws as {@link Checkpoint#read} as well. */
    public static Tokenizer open(Checkpoint checkpoint) {
        String name = checkpoint.location() + "/" + FILE;
        if (!checkpoint.hasFile(FILE)) {
            throw missing(name);
        }
        try {
            ByteBuffer json = ByteBuffer.wrap(checkpoint.read(FILE, MAX_BYTES));
            return of(StandardCharsets.UTF_8.newDecoder().decode(json).toString(), name);
        } catch (CharacterCodingException e) {
            throw invalid(name, "not UTF-8", e);
        }
    }

    private static Tokenizer of(String json, String name) {
        TokenizersLibrary library = TokenizerNatives.library();
        long handle;
        try {
            handle = library.createTokenizerFromString(json);
        } catch (RuntimeException e) {
            throw invalid(name, String.valueOf(e.getMessage()), e);
        }
        // Limits stored for inference would shorten or pad our documents.
        library.disableTruncation(handle);
        library.disablePadding(handle);
        return new Tokenizer(name, library, handle);
    }

    private static QuernException missing(String name) {
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT, name + ": missing (expected: a Hugging Face tokenizer file)");
    }

    private static QuernException invalid(String name, String reason, Exception cause) {
        return new QuernException(
                ErrorCode.INVALID_CHECKPOINT,
                name + ": " + reason + " (expected: a Hugging Face tokenizer file)",
                cause);
    }

    /**
     * The ids of a document, with the special tokens that the file's post-processor adds.
     *
     * @throws QuernException INVALID_CHECKPOINT when the file's rules fail on it
     */
    public int[] encode(String text) {
        if (closed) {
            throw new IllegalStateException("tokenizer: closed");
        }
        try {
            return ids(text);
        } catch (RuntimeException e) {
            throw invalid(name, String.valueOf(e.getMessage()), e);
        }
    }

    private int[] ids(String text) {
        long encoding = library.encode(handle, text, true);
        try {
            long[] ids = library.getTokenIds(encoding);
            int[] tokens = new int[ids.length];
            for (int i = 0; i < ids.length; i++) {
                tokens[i] = Math.toIntExact(ids[i]);
            }
            return tokens;
        } finally {
            library.deleteEncoding(encoding);
        }
    }

    @Override
    public void close() {
        if (!closed) {
            closed = true;
            library.deleteTokenizer(handle);
        }
    }
}
