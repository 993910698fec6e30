package dev.quern.engine.verify;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/** Checks an open output against the model that it holds. */
final class OutputCheck {
    private final OutputReader output;
    private final Architecture architecture;
    private final GridMap grids;

    OutputCheck(OutputReader output, Architecture architecture) {
        this.output = output;
        this.architecture = architecture;
        this.grids = output.grids(
                RecipeFit.modules(architecture).map(RecipeFit.Module::id).toList());
    }

    /** A linear of the output. */
    interface LinearVisitor {
        void visit(int block, CompressedLinear linear);
    }

    /**
     * Checks shapes, ties and names, and decodes every linear.
     *
     * @param files with their digests
     */
    Verification check(List<FileDigest> files, LinearVisitor visitor, Cancellation cancellation) {
        Set<LinearId> expected = new HashSet<>();
        WeightBytes compressed = WeightBytes.NONE;
        long weights = 0;
        int linears = 0;
        for (int block = 0; block < architecture.blocks().size(); block++) {
            Block checked = architecture.blocks().get(block);
            for (LinearSpec spec : checked.program().linears()) {
                cancellation.check();
                IntegerShape grid = grids.of(checked.id(spec)).orElse(null);
                if (grid == null) {
                    continue;
                }
                CompressedLinear linear = read(checked.id(spec), spec, grid);
                visitor.visit(block, linear);
                expected.add(linear.id());
                compressed = compressed.plus(output.weightBytes(linear.id()));
                weights += (long) linear.rows() * linear.cols();
                linears++;
            }
        }
        output.checkOthers(architecture, expected);
        return new Verification(
                Manifests.outputDigest(files),
                files,
                output.format(),
                linears,
                weights,
                compressed,
                files.stream().mapToLong(FileDigest::size).sum(),
                architecture.tied());
    }

    private CompressedLinear read(LinearId id, LinearSpec spec, IntegerShape grid) {
        CompressedLinear linear = output.read(id, grid);
        if (linear.rows() != spec.rows() || linear.cols() != spec.cols()) {
            throw damaged("%s: [%d, %d] (expected: [%d, %d])"
                    .formatted(linear.id(), linear.rows(), linear.cols(), spec.rows(), spec.cols()));
        }
        return linear;
    }
}
