package dev.quern.recipes;

import java.util.List;

/** The formats that results can have, by the names that requests and reports use. The engine has a class for each. */
public final class Formats {
    /** Safetensors with packed integers, for vLLM, SGLang and transformers; what a request gets that names none. */
    public static final String COMPRESSED_TENSORS = "compressed-tensors";

    /** A mask of the weights that are not zero, and their codes: small, and for Quern alone until it is converted. */
    public static final String QUERN_SPARSE = "quern-sparse";

    /** One line for each. */
    public static final List<String> ALL = List.of(COMPRESSED_TENSORS, QUERN_SPARSE);

    private Formats() {}
}
