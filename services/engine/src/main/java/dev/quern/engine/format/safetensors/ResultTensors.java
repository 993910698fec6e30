package dev.quern.engine.format.safetensors;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * Accounts for every tensor of a result: each linear is packed on one of the stated grids, or stored; everything else
 * is as in the original.
 */
public record ResultTensors(Checkpoint checkpoint, Architecture architecture, LinearCodec codec) {
    /**
     * The grids of the packed linears, in the order of the blocks.
     *
     * @throws QuernException as {@link LinearCodec#stated}, and INVALID_CHECKPOINT or UNSUPPORTED_ARCHITECTURE that
     *     names the first tensor that is missing, has another shape or type, or has no place in the model
     */
    public Map<LinearId, IntegerShape> grids() {
        LinearCodec.Stated stated = codec.stated(checkpoint);
        Map<LinearId, IntegerShape> grids = new LinkedHashMap<>();
        Set<String> packed = new HashSet<>();
        Set<String> known = new HashSet<>();
        // A block at a time, and no further than the first tensor that is missing: config.json may speak of more than
        // memory holds.
        for (Block block : architecture.blocks()) {
            for (LinearSpec linear : block.program().linears()) {
                LinearId id = block.id(linear);
                Optional<IntegerShape> grid = stated.grid(id, linear);
                if (grid.isPresent()) {
                    grids.put(id, grid.get());
                    codec.names(id).forEach(known::add);
                    packed.add(id.weight());
                }
            }
            block.tensors().forEach(tensor -> requireStored(tensor, packed, known));
        }
        architecture.outerTensors().forEach(tensor -> requireStored(tensor, packed, known));
        refuseOthers(known);
        return grids;
    }

    private void requireStored(TensorSpec tensor, Set<String> packed, Set<String> known) {
        String name = tensor.name();
        if (!packed.contains(name)) {
            checkpoint.requireTensors(Map.of(name, tensor.shape()));
            known.add(name);
        }
    }

    private void refuseOthers(Set<String> known) {
        for (String name : checkpoint.tensorNames()) {
            if (!known.contains(name) && !architecture.isIgnored(name)) {
                throw new QuernException(
                        ErrorCode.UNSUPPORTED_ARCHITECTURE,
                        name + ": unexpected tensor (supported: those of " + architecture.modelType()
                                + ", linears as they are or as " + codec.name() + " stores them)");
            }
        }
    }
}
