package dev.quern.control.reading.message;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.json.JsonValue;

/** What a reading process says: what it is about to read, again and again, and in the end an answer or a refusal. */
public sealed interface Word {
    /**
     * @param code of the error, should the process not survive it
     * @param what as messages call it
     */
    record Reads(ErrorCode code, String what) implements Word {}

    record Answer(JsonValue document) implements Word {}

    record Refusal(ErrorCode code, String message) implements Word {}
}
