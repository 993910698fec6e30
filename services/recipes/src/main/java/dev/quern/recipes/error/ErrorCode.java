package dev.quern.recipes.error;

import java.util.Locale;

/** What went wrong, as a closed list. Its kind alone decides the HTTP status, the retry policy and the exit code. */
public enum ErrorCode {
    /** A request or option with a value outside its range. */
    INVALID_REQUEST(Kind.USER),
    /** A request that cannot be read: it is not HTTP as we take it, or its body is no JSON document. */
    MALFORMED_REQUEST(Kind.USER),
    /** An address that exists, but not for this HTTP method. */
    METHOD_NOT_ALLOWED(Kind.USER),
    /** A body of a media type that we do not read, or an answer asked for in one that we do not write. */
    UNSUPPORTED_MEDIA_TYPE(Kind.USER),
    /** A recipe that cannot be read, or a value of it outside its range. */
    INVALID_RECIPE(Kind.USER),
    /** A checkpoint with a missing or damaged file, header, tensor or config. */
    INVALID_CHECKPOINT(Kind.USER),
    /** A model type, rope type, activation or option of a family that is not implemented. */
    UNSUPPORTED_ARCHITECTURE(Kind.USER),
    /** Only safetensors are read: pickles, remote code and archives are refused. */
    UNSAFE_CHECKPOINT(Kind.USER),
    /** The source carries a quantization_config. */
    ALREADY_QUANTIZED(Kind.USER),
    /** NaN or infinity in a weight. */
    NON_FINITE_WEIGHTS(Kind.USER),
    /** NaN or infinity in the inputs of a linear: the original model overflows on the calibration text. */
    NON_FINITE_INPUTS(Kind.USER),
    /** Calibration or evaluation text that cannot be read or is too short. */
    INVALID_DATASET(Kind.USER),
    /** The linears and the recipe do not fit each other, for example a group that does not divide the columns. */
    SHAPE_MISMATCH(Kind.USER),
    /** The output folder or prefix is taken. */
    OUTPUT_TAKEN(Kind.USER),
    /** An output that does not match its manifest. */
    OUTPUT_DAMAGED(Kind.USER),
    /** The source changed after it was inspected. */
    SOURCE_CHANGED(Kind.USER),
    /** A data folder written by another version. */
    DATA_FORMAT(Kind.USER),
    NOT_FOUND(Kind.USER),
    CONFLICT(Kind.USER),
    UNAUTHENTICATED(Kind.USER),
    FORBIDDEN(Kind.USER),
    /** An address for a part of an upload that has expired, or was not made here. */
    ADDRESS_EXPIRED(Kind.USER),
    /** The job cannot fit in this machine's memory. */
    MEMORY_BUDGET(Kind.RESOURCES),
    DISK_BUDGET(Kind.RESOURCES),
    OUT_OF_MEMORY(Kind.RESOURCES),
    /** A job that waited or ran longer than its limits allow. */
    LIMIT_EXCEEDED(Kind.RESOURCES),
    /** A native library that this machine cannot load. */
    NATIVE_LIBRARY(Kind.RESOURCES),
    /** The workers that an installation starts itself do not come up. */
    WORKER_FAILED(Kind.RESOURCES),
    TOO_MANY_REQUESTS(Kind.RESOURCES),
    UNAVAILABLE(Kind.RESOURCES),
    /** A defect of ours. */
    INTERNAL(Kind.INTERNAL);

    /** Who can act on an error: the user, the operator, or we. */
    public enum Kind {
        /** The same input fails again; never retried. */
        USER,
        /** Succeeds with more of something, or with less in flight. */
        RESOURCES,
        /** A defect; retried a few times, then reported. */
        INTERNAL
    }

    private final Kind kind;

    ErrorCode(Kind kind) {
        this.kind = kind;
    }

    public Kind kind() {
        return kind;
    }

    /** The stable name in URLs and logs, for example {@code invalid-recipe}. */
    public String slug() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
