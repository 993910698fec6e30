package dev.quern.engine.transform;

import dev.quern.engine.backend.host.Hadamard;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.TiedHead;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.HeadSpec;
import dev.quern.engine.model.Model;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * A model whose residual stream and heads are rotated, with the gains of its norms folded into what reads them. Gain
 * and both turns of a matrix are multiplied in float64 and rounded once, to the dtype that it is stored in. A head that
 * was the embedding becomes a matrix of its own: only the head has the gain of the last norm.
 */
final class RotatedTensors extends DerivedTensors {
    /** Columns of a tile whose rows are not turned: enough for the steps of a turn to run over neighbours. */
    private static final int TILE = 64;

    private final Rotation rotation;
    private final Set<String> folded;
    /** The embedding, where it is the head as well, and the name of the head's own matrix. */
    private final @Nullable String tied;

    private final String head;

    private RotatedTensors(Model model, Rotation rotation) {
        super(model.tensors());
        Architecture architecture = model.architecture();
        this.rotation = rotation;
        this.folded = Set.copyOf(rotation.norms().values());
        this.tied = architecture.tied() ? architecture.embedding().weight() : null;
        this.head = architecture.head().ownWeight();
    }

    /** @throws QuernException INVALID_RECIPE as {@link Rotation#of} */
    static Model rotate(Model model, Transform.Rotate rotate) {
        Architecture before = model.architecture();
        Rotation rotation = Rotation.of(before, rotate);
        HeadSpec head = new HeadSpec(
                before.head().norm(), before.head().eps(), before.head().ownWeight(), false);
        Architecture after =
                new Architecture(before.modelType(), before.maxPositions(), before.embedding(), before.blocks(), head);
        return new Model(rotation.running(after), new RotatedTensors(model, rotation));
    }

    @Override
    public ModelConfig config() {
        return tied == null ? original.config() : TiedHead.untied(original.config());
    }

    @Override
    public Set<String> tensorNames() {
        Set<String> names = new LinkedHashSet<>(original.tensorNames());
        names.add(head);
        return names;
    }

    @Override
    public TensorEntry entry(String name) {
        TensorEntry entry = original.entry(source(name));
        return new TensorEntry(name, entry.type(), entry.shape(), entry.begin(), entry.end());
    }

    private String source(String name) {
        return tied != null && name.equals(head) ? tied : name;
    }

    /** @throws QuernException INVALID_RECIPE when a rotated weight is larger than the dtype of the checkpoint holds */
    @Override
    public StoredTensor tensor(String name, Arena arena) {
        StoredTensor stored = original.tensor(source(name), arena);
        List<Hadamard> inputs = rotation.inputs().getOrDefault(name, List.of());
        Hadamard outputs = rotation.outputs().get(name);
        if (inputs.isEmpty() && outputs == null) {
            return folded.contains(name) ? ones(stored, arena) : stored;
        }
        String norm = rotation.norms().get(name);
        double @Nullable [] gain =
                norm == null ? null : host(original.tensor(norm, arena)).row(0);
        MemorySegment memory = arena.allocate(stored.data().byteSize());
        HostTensor source = host(stored);
        HostTensor target = HostTensor.over(memory, source.dtype(), source.rows(), source.cols());
        new Turn(name, gain, inputs, outputs).run(source, target);
        return new StoredTensor(name, stored.type(), stored.shape(), memory.asReadOnly());
    }

    /**
     * What becomes of a tensor. A tile holds whole segments of what is turned, so tiles do not depend on each other.
     */
    private static final class Turn {
        private final String name;
        private final double @Nullable [] gain;
        private final List<Hadamard> inputs;
        private final @Nullable Hadamard outputs;

        Turn(String name, double @Nullable [] gain, List<Hadamard> inputs, @Nullable Hadamard outputs) {
            this.name = name;
            this.gain = gain;
            this.inputs = inputs;
            this.outputs = outputs;
        }

        void run(HostTensor source, HostTensor target) {
            int height = outputs == null ? 1 : outputs.size();
            int width = width(source.cols());
            double[] values = new double[height * Math.min(width, source.cols())];
            for (int row = 0; row < source.rows(); row += height) {
                for (int col = 0; col < source.cols(); col += width) {
                    int right = Math.min(source.cols(), col + width);
                    read(source.rows(row, row + height).cols(col, right), col, values);
                    turn(values, height, right - col);
                    write(values, target.rows(row, row + height).cols(col, right));
                }
            }
        }

        /** Whole segments of every turn. */
        private int width(int cols) {
            return switch (inputs.size()) {
                case 0 -> TILE;
                case 1 -> inputs.getFirst().size();
                default -> cols;
            };
        }

        private void read(HostTensor tile, int col, double[] values) {
            int at = 0;
            for (int r = 0; r < tile.rows(); r++) {
                for (int c = 0; c < tile.cols(); c++) {
                    values[at++] = gain == null ? tile.get(r, c) : tile.get(r, c) * gain[col + c];
                }
            }
        }

        private void turn(double[] values, int height, int width) {
            if (outputs != null) {
                outputs.turn(values, 0, width);
            }
            for (Hadamard turn : inputs) {
                for (int at = 0; at < height * width; at += turn.size()) {
                    turn.turn(values, at, 1);
                }
            }
        }

        private void write(double[] values, HostTensor tile) {
            int at = 0;
            for (int r = 0; r < tile.rows(); r++) {
                for (int c = 0; c < tile.cols(); c++) {
                    double value = values[at++];
                    tile.set(r, c, value);
                    if (!Double.isFinite(tile.get(r, c))) {
                        throw new QuernException(
                                ErrorCode.INVALID_RECIPE,
                                "transform.type: rotate: %s: a weight becomes %s (expected: a value that %s holds; a recipe without transform leaves the weights alone)"
                                        .formatted(name, value, tile.dtype()));
                    }
                }
            }
        }
    }
}
