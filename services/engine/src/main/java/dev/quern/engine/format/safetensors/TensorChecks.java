package dev.quern.engine.format.safetensors;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.method.BitPacking;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/** What readers of codecs ask of the tensors of an output. What is wrong is OUTPUT_DAMAGED and named. */
public final class TensorChecks {
    private TensorChecks() {}

    /** Checks that a tensor has this type and shape. */
    public static void require(Checkpoint output, OutputTensor expected) {
        TensorEntry found = output.entry(expected.name());
        if (found.type() != expected.type() || !found.shape().equals(expected.shape())) {
            throw damaged("%s: %s %s (expected: %s %s)"
                    .formatted(expected.name(), found.type(), found.shape(), expected.type(), expected.shape()));
        }
    }

    /**
     * Checks that there is no such tensor.
     *
     * @param other a tensor that excludes it, for the message
     */
    public static void refuse(Checkpoint output, String name, String other) {
        if (output.has(name)) {
            throw damaged(name + ": present (expected: no such tensor beside " + other + ")");
        }
    }

    /** Bytes of a tensor; 0 where it is not there. */
    public static long bytes(Checkpoint output, String name) {
        return output.has(name) ? output.entry(name).bytes() : 0;
    }

    /** A copy of the data with the slack that unpacking reads. */
    public static byte[] withSlack(StoredTensor tensor) {
        int length = Math.toIntExact(tensor.data().byteSize());
        byte[] bytes = new byte[length + BitPacking.SLACK];
        MemorySegment.copy(tensor.data(), ValueLayout.JAVA_BYTE, 0, bytes, 0, length);
        return bytes;
    }
}
