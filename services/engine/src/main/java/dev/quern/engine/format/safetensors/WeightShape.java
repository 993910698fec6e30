package dev.quern.engine.format.safetensors;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.model.LinearId;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/** The shape of a linear as a tensor I64 [2] beside its codes, whose own shape does not say it. */
public record WeightShape(int rows, int cols) {
    /** What follows the name of a module in the name of the tensor. */
    public static final String NAME = ".weight_shape";

    private static final ValueLayout.OfLong LONG = ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    /** The tensor of a linear. */
    public static OutputTensor tensor(LinearId linear) {
        return new OutputTensor(linear + NAME, StoredType.I64, List.of(2L));
    }

    /** As the file holds it. */
    public MemorySegment bytes() {
        MemorySegment bytes = MemorySegment.ofArray(new byte[2 * Long.BYTES]);
        bytes.set(LONG, 0, rows);
        bytes.set(LONG, Long.BYTES, cols);
        return bytes;
    }

    /** @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for what is not a shape of a matrix */
    public static WeightShape read(Checkpoint output, LinearId linear) {
        TensorChecks.require(output, tensor(linear));
        StoredTensor tensor = output.tensor(linear + NAME);
        List<Long> shape = List.of(tensor.data().get(LONG, 0), tensor.data().get(LONG, Long.BYTES));
        if (shape.stream().anyMatch(extent -> extent < 1 || extent > Integer.MAX_VALUE)) {
            throw damaged(tensor.name() + ": " + shape + " (expected: rows and columns)");
        }
        return new WeightShape(Math.toIntExact(shape.getFirst()), Math.toIntExact(shape.getLast()));
    }
}
