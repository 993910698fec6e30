package dev.quern.engine.calibration;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/** The documents of a text file in order, as token ids. Every error is a USER error that names the file and the line. */
final class Documents {
    /** A .txt is one document and tokenized in one piece. */
    private static final long MAX_TEXT = 256L << 20;

    /** Takes the ids of one document; false ends the reading. */
    @FunctionalInterface
    interface Sink {
        boolean accept(String place, int[] ids);
    }

    private final String name;
    private final Tokenizer tokenizer;

    Documents(String name, Tokenizer tokenizer) {
        this.name = name;
        this.tokenizer = tokenizer;
    }

    /** Reads a .txt, which is one document, or a .jsonl; its name says which. */
    void read(Path file, Sink sink) {
        try {
            if (name.endsWith(".txt")) {
                readText(file, sink);
            } else if (name.endsWith(".jsonl")) {
                try (InputStream in = Files.newInputStream(file)) {
                    readLines(in, sink);
                }
            } else {
                throw invalid("file", "unknown kind (expected: a name that ends in .jsonl or .txt)", null);
            }
        } catch (NoSuchFileException e) {
            throw invalid("file", "missing (expected: a .jsonl or .txt file)", e);
        } catch (CharacterCodingException e) {
            throw invalid("file", "not UTF-8 (expected: UTF-8 text)", e);
        } catch (IOException e) {
            throw invalid("file", "cannot be read, " + e, e);
        }
    }

    private void readText(Path file, Sink sink) throws IOException {
        long size = Files.size(file);
        if (size > MAX_TEXT) {
            throw invalid("file", size + " bytes (expected: at most " + MAX_TEXT + ", or .jsonl)", null);
        }
        sink.accept("text", tokenizer.encode(Files.readString(file)));
    }

    /** Reads JSON lines until the sink has enough; blank lines are skipped. */
    void readLines(InputStream in, Sink sink) throws IOException {
        BufferedReader lines =
                new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8.newDecoder()), 1 << 16);
        String line = lines.readLine();
        for (int number = 1; line != null; number++, line = lines.readLine()) {
            String place = "line " + number;
            if (!line.isBlank() && !sink.accept(place, ids(place, line))) {
                return;
            }
        }
    }

    private int[] ids(String place, String line) {
        JsonValue text = null;
        JsonValue ids = null;
        if (parse(place, line) instanceof JsonObject object) {
            text = object.get("text");
            ids = object.get("input_ids");
        }
        if (ids == null && text instanceof JsonString(String value)) {
            return tokenizer.encode(value);
        }
        if (text == null && ids instanceof JsonArray array) {
            return array.values().stream().mapToInt(id -> id(place, id)).toArray();
        }
        throw invalid(place, "wrong document (expected: {\"text\": \"…\"} or {\"input_ids\": […]})", null);
    }

    private JsonValue parse(String place, String line) {
        try {
            return Json.parse(line);
        } catch (JsonException e) {
            throw invalid(place, "not JSON, column " + e.column() + " (expected: {\"text\": \"…\"} on every line)", e);
        }
    }

    private int id(String place, JsonValue value) {
        if (value instanceof JsonNumber number && number.isLong()) {
            long id = number.longValue();
            if (id >= 0 && id <= Integer.MAX_VALUE) {
                return (int) id;
            }
        }
        throw invalid(place, "input_ids: " + Json.write(value) + " (expected: a token id)", null);
    }

    QuernException invalid(String place, String message, @Nullable Exception cause) {
        String whole = place.equals("file") ? name + ": " + message : name + ": " + place + ": " + message;
        return cause == null
                ? new QuernException(ErrorCode.INVALID_DATASET, whole)
                : new QuernException(ErrorCode.INVALID_DATASET, whole, cause);
    }
}
