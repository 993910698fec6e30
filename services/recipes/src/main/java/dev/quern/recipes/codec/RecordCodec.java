package dev.quern.recipes.codec;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.lang.reflect.Type;

/**
 * Records to and from JSON. Types: records, sealed interfaces of records (see {@link Discriminator}), enums by
 * lower-case name or {@link ByName}, String, int, long, float, double, boolean and their boxes, List, Map with String
 * keys, Instant as ISO 8601, {@link JsonValue}, and Object for values without a fixed type (String, Long, Double,
 * Boolean, List, Map). A component's name is its member's, unless {@link Named}; an int may have a {@link Word} for one
 * of its values, a double one for what is not finite, and the members of a record may be {@link Flat} in the object
 * around it.
 *
 * <p>Reading is strict: unknown members are refused; a missing member is its {@link Default}, null where the component
 * is {@code @Nullable}, empty for List and Map, and else an error. A record may be {@link CompletedBy} other means
 * before. All errors are collected. Records check themselves in their compact constructors, with messages such as
 * {@code grid.bits: 9 (expected: 2 to 8)}. Null components are not written.
 */
public final class RecordCodec {
    private RecordCodec() {}

    /** @throws QuernException INVALID_REQUEST with every violation; its message is the first one's */
    public static <T> T read(JsonValue value, Class<T> type) {
        return read(value, type, ErrorCode.INVALID_REQUEST);
    }

    /** As {@link #read(JsonValue, Class)} with another error code. */
    public static <T> T read(JsonValue value, Class<T> type, ErrorCode code) {
        return type.cast(new RecordReader(code).document(value, type));
    }

    /** Reads a generic type, for example a list of records. */
    public static Object read(JsonValue value, Type type, ErrorCode code) {
        return new RecordReader(code).document(value, type);
    }

    /** @throws IllegalArgumentException for a type outside the list above, and for NaN and infinity without a word */
    public static JsonValue write(Object value) {
        return RecordWriter.write(value);
    }

    /** {@link #write} for records, which are objects. */
    public static JsonObject writeObject(Record value) {
        return RecordWriter.object(value);
    }
}
