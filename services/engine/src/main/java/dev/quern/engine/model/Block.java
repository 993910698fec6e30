package dev.quern.engine.model;

import java.util.AbstractList;
import java.util.List;
import java.util.RandomAccess;

/**
 * A block of a decoder. Blocks that run the same program share it.
 *
 * @param prefix what the names of its tensors start with, as in {@code model.layers.0.}
 * @param program what it runs
 * @param rope the rotary embedding of its heads
 */
public record Block(String prefix, BlockProgram program, RopeSpec rope) {
    /**
     * Blocks 0 to count - 1, all alike. They are made when they are asked for: config.json may ask for more than memory
     * holds.
     */
    public static List<Block> alike(int count, String prefix, BlockProgram program, RopeSpec rope) {
        return new Alike(count, prefix, program, rope);
    }

    /** Which linear of the model that is. */
    public LinearId id(LinearSpec linear) {
        return new LinearId(prefix, linear.name());
    }

    /** Its tensors by their full names, in program order. */
    public List<TensorSpec> tensors() {
        return program.weights().stream().map(tensor -> tensor.in(prefix)).toList();
    }

    private static final class Alike extends AbstractList<Block> implements RandomAccess {
        private final int count;
        private final String prefix;
        private final BlockProgram program;
        private final RopeSpec rope;

        Alike(int count, String prefix, BlockProgram program, RopeSpec rope) {
            this.count = count;
            this.prefix = prefix;
            this.program = program;
            this.rope = rope;
        }

        @Override
        public Block get(int index) {
            if (index < 0 || index >= count) {
                throw new IndexOutOfBoundsException("block " + index + " (expected: 0 to " + (count - 1) + ")");
            }
            return new Block(prefix + index + ".", program, rope);
        }

        @Override
        public int size() {
            return count;
        }
    }
}
