package dev.quern.engine.format.compressedtensors;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.Scales;
import dev.quern.engine.format.safetensors.WeightShape;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Finds the grid of a linear by its tensors: which linear is on which of the grids that config.json names is not read.
 *
 * @param stated grids that config.json names
 */
record StatedTensors(Checkpoint checkpoint, List<IntegerShape> stated) implements LinearCodec.Stated {
    private static final CompressedTensors FORMAT = new CompressedTensors();
    private static final String ORDER = ".weight_g_idx";
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    static Stream<String> names(LinearId linear) {
        return Stream.of(CompressedTensors.PACKED, Scales.NAME, WeightShape.NAME, CompressedTensors.ZERO_POINT, ORDER)
                .map(linear.module()::concat);
    }

    /** Throws INVALID_CHECKPOINT or UNSUPPORTED_ARCHITECTURE for tensors on no stated grid. */
    @Override
    public Optional<IntegerShape> grid(LinearId id, LinearSpec linear) {
        return checkpoint.has(id + CompressedTensors.PACKED) ? Optional.of(stated(id, linear)) : Optional.empty();
    }

    /** The stated grid on which these tensors are. */
    private IntegerShape stated(LinearId id, LinearSpec linear) {
        IntegerShape grid = stated.stream()
                .filter(each -> fits(id, linear, each))
                .findFirst()
                .orElseThrow(() -> new QuernException(
                        ErrorCode.INVALID_CHECKPOINT,
                        "%s: %s (expected: tensors of [%d, %d] weights on a grid of config.json: %s)"
                                .formatted(id, shapes(id), linear.rows(), linear.cols(), stated)));
        requireOrder(id, linear.cols(), grid);
        return grid;
    }

    private boolean fits(LinearId id, LinearSpec linear, IntegerShape grid) {
        String scale = id + Scales.NAME;
        if (!checkpoint.has(scale) || !checkpoint.entry(scale).type().isWeight()) {
            return false;
        }
        if (FORMAT.refusal(id, linear.rows(), linear.cols(), grid).isPresent()
                || grid.symmetric() == checkpoint.has(id + CompressedTensors.ZERO_POINT)) {
            return false;
        }
        StoredType scaleType = checkpoint.entry(scale).type();
        return FORMAT.tensors(id, linear.rows(), linear.cols(), grid, scaleType).stream()
                .allMatch(this::isThere);
    }

    private boolean isThere(OutputTensor expected) {
        if (!checkpoint.has(expected.name())) {
            return false;
        }
        TensorEntry found = checkpoint.entry(expected.name());
        return found.type() == expected.type() && found.shape().equals(expected.shape());
    }

    private String shapes(LinearId id) {
        return names(id)
                .filter(checkpoint::has)
                .map(checkpoint::entry)
                .map(tensor ->
                        tensor.name().substring(id.module().length() + 1) + " " + tensor.type() + " " + tensor.shape())
                .toList()
                .toString();
    }

    /** Columns whose groups are not contiguous would need an order that is not implemented. */
    private void requireOrder(LinearId id, int cols, IntegerShape grid) {
        String name = id + ORDER;
        if (!checkpoint.has(name)) {
            return;
        }
        StoredTensor order = checkpoint.tensor(name);
        boolean plain = order.type() == StoredType.I32 && order.shape().equals(List.of((long) cols));
        for (int column = 0; plain && column < cols; column++) {
            int group = grid.groupSize() == 0 ? 0 : column / grid.groupSize();
            plain = order.data().get(INT, (long) column * Integer.BYTES) == group;
        }
        if (!plain) {
            throw new QuernException(
                    ErrorCode.UNSUPPORTED_ARCHITECTURE,
                    name + ": columns in an order of their own (supported: groups of neighbouring columns)");
        }
    }
}
