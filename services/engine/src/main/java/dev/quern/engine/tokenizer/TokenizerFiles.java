package dev.quern.engine.tokenizer;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The files that define a tokenizer, as text. Every error is INVALID_CHECKPOINT and names the file. */
final class TokenizerFiles {
    static final String MAIN = "tokenizer.json";
    private static final int MAX_MAIN = 512 << 20;
    private static final int MAX_OTHER = 16 << 20;

    private final String location;
    private final Reader reader;

    /** Reads a file of at most so many bytes; null where there is none. */
    @FunctionalInterface
    private interface Reader {
        byte @Nullable [] read(String name, int maxBytes);
    }

    private TokenizerFiles(String location, Reader reader) {
        this.location = location;
        this.reader = reader;
    }

    static TokenizerFiles of(Path folder) {
        return new TokenizerFiles(folder.toString(), (name, maxBytes) -> read(folder.resolve(name)));
    }

    static TokenizerFiles of(Checkpoint checkpoint) {
        return new TokenizerFiles(
                checkpoint.location(),
                (name, maxBytes) -> checkpoint.hasFile(name) ? checkpoint.read(name, maxBytes) : null);
    }

    private static byte @Nullable [] read(Path file) {
        try {
            return Files.exists(file) ? Files.readAllBytes(file) : null;
        } catch (IOException e) {
            throw invalid(file + ": cannot be read, " + e, e);
        }
    }

    /** {@code tokenizer.json}, as text. */
    String main() {
        byte[] bytes = reader.read(MAIN, MAX_MAIN);
        if (bytes == null) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, path(MAIN) + ": missing (expected: a Hugging Face tokenizer file)");
        }
        return decoded(MAIN, bytes);
    }

    /** Another file as text; null where there is none. */
    @Nullable
    String text(String name) {
        byte[] bytes = reader.read(name, MAX_OTHER);
        return bytes == null ? null : decoded(name, bytes);
    }

    private String decoded(String name, byte[] bytes) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(bytes))
                    .toString();
        } catch (CharacterCodingException e) {
            throw invalid(path(name) + ": not UTF-8 (expected: UTF-8 text)", e);
        }
    }

    /** Another file; empty where there is none. */
    JsonObject object(String name) {
        byte[] bytes = reader.read(name, MAX_OTHER);
        if (bytes == null) {
            return JsonObject.EMPTY;
        }
        try {
            if (Json.parse(bytes, MAX_OTHER) instanceof JsonObject object) {
                return object;
            }
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, path(name) + ": not an object (expected: a JSON object)");
        } catch (JsonException e) {
            throw e.in(path(name), ErrorCode.INVALID_CHECKPOINT);
        }
    }

    /** Why tokenizer.json is none. */
    QuernException refusal(String reason, Exception cause) {
        return invalid(path(MAIN) + ": " + reason + " (expected: a Hugging Face tokenizer file)", cause);
    }

    /** A file, as errors call it. */
    String path(String name) {
        return location + "/" + name;
    }

    private static QuernException invalid(String message, Exception cause) {
        return new QuernException(ErrorCode.INVALID_CHECKPOINT, message, cause);
    }
}
