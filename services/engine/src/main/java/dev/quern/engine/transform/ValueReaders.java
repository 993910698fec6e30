package dev.quern.engine.transform;

import dev.quern.engine.model.Block;
import dev.quern.engine.model.Op;
import java.util.List;
import java.util.Optional;

/** Which linears make and read a value of a block. */
final class ValueReaders {
    private ValueReaders() {}

    /** The linears that read a value; empty where another step reads it as well. */
    static Optional<List<Op.Linear>> linears(Block block, String value) {
        List<Op> readers = readers(block, value);
        List<Op.Linear> linears =
                readers.stream().flatMap(op -> linear(op).stream()).toList();
        return linears.size() == readers.size() ? Optional.of(linears) : Optional.empty();
    }

    /** The linear that makes a value; empty where another step does, or where more than one step reads it. */
    static Optional<Op.Linear> writer(Block block, String value) {
        return block.program().ops().stream()
                .filter(op -> op.output().equals(value) && readers(block, value).size() == 1)
                .flatMap(op -> linear(op).stream())
                .findFirst();
    }

    private static List<Op> readers(Block block, String value) {
        return block.program().ops().stream()
                .filter(op -> op.inputs().contains(value))
                .toList();
    }

    private static Optional<Op.Linear> linear(Op op) {
        return switch (op) {
            case Op.Linear linear -> Optional.of(linear);
            case Op.RmsNorm norm -> Optional.empty();
            case Op.HeadNorm norm -> Optional.empty();
            case Op.Rope rope -> Optional.empty();
            case Op.Attention attention -> Optional.empty();
            case Op.Gate gate -> Optional.empty();
            case Op.Add add -> Optional.empty();
            case Op.FakeQuantize rounding -> Optional.empty();
            case Op.Turn turn -> Optional.empty();
        };
    }
}
