package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.BlockArtifact;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.artifact.LinearRecord;
import dev.quern.engine.artifact.Provenance;
import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.tiling.Slice;
import java.nio.file.Path;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * Compresses the blocks of a slice in order, by one recipe or by several from the same statistics. A block whose
 * artifact is in the store with the right input key is not made again; a block is done when its artifact is committed.
 * Stopping a walk at any time loses at most the block in work: the next walk continues from the nearest stored stream.
 * Confined to its backend's thread.
 *
 * <pre>{@code
 * try (BlockWalk walk = BlockWalk.open(backend, inputs, store, options, slice)) {
 *     while (walk.hasNext() && !budget.isSpent()) {
 *         walk.next();
 *     }
 *     return walk.rest();
 * }
 * }</pre>
 */
public final class BlockWalk implements AutoCloseable {
    private final WalkInputs inputs;
    private final BlockStore store;
    private final WalkOptions options;
    private final int end;
    private final BlockMaker maker;
    private int next;

    private BlockWalk(WalkInputs inputs, BlockStore store, WalkOptions options, Slice slice, BlockMaker maker) {
        this.inputs = inputs;
        this.store = store;
        this.options = options;
        this.next = slice.first();
        this.end = slice.end();
        this.maker = maker;
    }

    /** Nothing is computed before the first {@link #next}. */
    public static BlockWalk open(
            ComputeBackend backend, WalkInputs inputs, BlockStore store, WalkOptions options, Slice slice) {
        return new BlockWalk(inputs, store, options, slice, new BlockMaker(backend, inputs, store, options));
    }

    public boolean hasNext() {
        return next < end;
    }

    /**
     * Makes the next block by all recipes, or finds it made.
     *
     * @return the block's linears by the first recipe
     * @throws dev.quern.engine.artifact.DamagedArtifactException when the store holds a damaged artifact of this block,
     *     or of one that it is made from
     * @throws dev.quern.engine.Cancellation.CancelledException within about 2 s of a request; nothing durable is lost
     */
    public List<LinearRecord> next() {
        if (!hasNext()) {
            throw new NoSuchElementException("block " + next + " (expected: less than " + end + ")");
        }
        options.cancellation().check();
        ArtifactName name = inputs.provenance().block(next);
        Optional<Path> present = store.find(name);
        boolean reused = present.isPresent() && hasAll(next);
        List<LinearRecord> linears = reused ? BlockArtifact.readRecords(present.get(), name) : make(next);
        options.listener().blockDone(next, reused, linears);
        next++;
        return linears;
    }

    /**
     * The inputs may come through a block that was found damaged and deleted after a walk went past it: that one is
     * made first.
     */
    private List<LinearRecord> make(int block) {
        Provenance provenance = inputs.provenance();
        if (provenance.recipe().walksCompressed()) {
            IntStream.range(0, block)
                    .filter(before -> !store.contains(provenance.block(before)))
                    .forEach(lost -> maker.make(lost, false));
        }
        return maker.make(block, block + 1 == end);
    }

    /** Whether a block was made by the other recipes too. */
    private boolean hasAll(int block) {
        return inputs.provenances().stream().skip(1).allMatch(provenance -> store.contains(provenance.block(block)));
    }

    /**
     * The blocks that are left. Where there are any, the stream's position is stored, so that the next walk starts from
     * it.
     */
    public Slice rest() {
        if (hasNext()) {
            maker.storePosition(next);
        }
        return new Slice(next, end);
    }

    @Override
    public void close() {
        maker.close();
    }
}
