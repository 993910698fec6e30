package dev.quern.engine.format.safetensors;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

/**
 * A way to store compressed linears among the tensors of a {@link SafetensorsFolder}: a pure serializer, which also
 * reads what it writes.
 */
public interface LinearCodec {
    /** The {@code quant_method} of config.json, and the name of the format in {@link dev.quern.recipes.Formats}. */
    String name();

    /** Why the format cannot hold a linear of this shape on this grid, in words with the numbers; empty when it can. */
    Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid);

    /**
     * The tensors that stand for a linear.
     *
     * @param scaleType the dtype of the source's weights
     * @param values the linear itself, for codecs whose tensors depend on its codes; to ask for it may read a block
     */
    List<OutputTensor> tensors(
            LinearId linear,
            int rows,
            int cols,
            IntegerShape grid,
            StoredType scaleType,
            Supplier<CompressedLinear> values);

    /**
     * Bytes of those tensors; the most that they can be where they depend on the codes.
     *
     * @param kept weights that a mask leaves; all where none prunes
     */
    long bytes(int rows, int cols, IntegerShape grid, StoredType scaleType, long kept);

    /**
     * Serializes a linear.
     *
     * @param sink takes the data of each of {@link #tensors}; it is valid during the call
     */
    void write(CompressedLinear linear, StoredType scaleType, TensorSink sink) throws IOException;

    /**
     * The linear as it was before it was written: the same codes, zero points and scales.
     *
     * @throws QuernException OUTPUT_DAMAGED that names the tensor, the value and what was expected
     */
    CompressedLinear read(Checkpoint output, LinearId linear, IntegerShape grid);

    /** What config.json holds for loaders under {@code quantization_config}. */
    JsonObject quantizationConfig(GridMap grids);

    /** True for a format that loaders run as the model's family is run, so that it cannot ask for more. */
    boolean isForLoaders();

    /**
     * The grids that a config.json was written for.
     *
     * @param linears of the model, in order
     * @throws QuernException OUTPUT_DAMAGED when the block is not one that this format writes
     */
    GridMap grids(JsonObject quantizationConfig, List<LinearId> linears);

    /** The names that tensors of a packed linear may have. */
    Stream<String> names(LinearId linear);

    /**
     * What a result says of its linears, Quern's or another tool's.
     *
     * @throws QuernException INVALID_CHECKPOINT, UNSUPPORTED_ARCHITECTURE or OUTPUT_DAMAGED that names what is not
     *     supported in its config.json
     */
    Stated stated(Checkpoint result);

    /** The linears of a result. */
    @FunctionalInterface
    interface Stated {
        /**
         * The grid that a linear is packed on; empty where its weights are stored.
         *
         * @throws QuernException that names a tensor that does not fit
         */
        Optional<IntegerShape> grid(LinearId id, LinearSpec linear);
    }

    /** The modules that an output holds in compressed form, sorted. */
    List<String> modules(Checkpoint output);

    /** Bytes that count as bits of weights. */
    WeightBytes weightBytes(Checkpoint output, LinearId linear);

    /** Takes tensors one after the other. */
    @FunctionalInterface
    interface TensorSink {
        /** @param data native memory, or over a byte array: other arrays have no buffer of bytes to be written from */
        void accept(String tensor, MemorySegment data) throws IOException;
    }
}
