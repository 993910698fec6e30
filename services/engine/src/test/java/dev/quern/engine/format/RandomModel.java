package dev.quern.engine.format;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import java.util.SplittableRandom;

/** Codes without a meaning, the same at every call. */
public final class RandomModel {
    private RandomModel() {}

    public static CompressedModel of(Architecture architecture, IntegerShape grid) {
        return index -> {
            Block block = architecture.blocks().get(index);
            return block.program().linears().stream()
                    .map(spec -> linear(block.id(spec), spec, grid))
                    .toList();
        };
    }

    public static CompressedLinear linear(LinearId id, LinearSpec spec, IntegerShape grid) {
        SplittableRandom random = new SplittableRandom(id.module().hashCode());
        int groups = grid.groups(spec.cols());
        byte[] codes = new byte[spec.rows() * spec.cols()];
        byte[] zeros = new byte[spec.rows() * groups];
        float[] scales = new float[zeros.length];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(1 << grid.bits());
        }
        for (int i = 0; i < zeros.length; i++) {
            zeros[i] = (byte) (grid.symmetric() ? 1 << (grid.bits() - 1) : random.nextInt(1 << grid.bits()));
            scales[i] = (128 + random.nextInt(128)) * 0x1p-14f;
        }
        return new CompressedLinear(
                id,
                spec.rows(),
                spec.cols(),
                new IntegerGrid(grid.bits(), grid.groupSize(), grid.symmetric(), codes, zeros, scales));
    }
}
