package dev.quern.engine.backend.java;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.MemoryChecks;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.Comparator;

/** Tensors in host memory, converted and permuted element by element. */
public final class JavaMemory implements Memory {
    private final HostAllocator allocator;
    private final HostThreads threads;

    public JavaMemory(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
    }

    @Override
    public Scope scope() {
        return allocator.scope();
    }

    @Override
    public long liveBytes() {
        return allocator.liveBytes();
    }

    @Override
    public Tensor upload(Scope scope, MemorySegment source, DType dtype, int rows, int cols) {
        return HostTensor.over(source, dtype, rows, cols);
    }

    @Override
    public void download(Tensor source, MemorySegment target) {
        copy(source, HostTensor.over(target, source.dtype(), source.rows(), source.cols()));
    }

    @Override
    public double value(Tensor source) {
        MemoryChecks.value(source);
        return HostTensor.of(source).get(0, 0);
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        MemoryChecks.copy(source, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        threads.run(from.rows(), r -> to.setRow(r, from.row(r)));
    }

    @Override
    public void gatherColumns(Tensor source, Tensor columns, Tensor target) {
        MemoryChecks.gatherColumns(source, columns, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] picked = HostTensor.of(columns).ints();
        threads.run(from.rows(), r -> {
            for (int c = 0; c < picked.length; c++) {
                to.set(r, c, from.get(r, picked[c]));
            }
        });
    }

    @Override
    public void scatterColumns(Tensor source, Tensor columns, Tensor target) {
        MemoryChecks.scatterColumns(source, columns, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] places = HostTensor.of(columns).ints();
        threads.run(from.rows(), r -> {
            for (int c = 0; c < places.length; c++) {
                to.set(r, places[c], from.get(r, c));
            }
        });
    }

    @Override
    public void gatherRows(Tensor source, Tensor rows, Tensor target) {
        MemoryChecks.gatherRows(source, rows, target);
        int[] picked = HostTensor.of(rows).ints();
        threads.run(picked.length, r -> {
            HostTensor.of(target).setRow(r, HostTensor.of(source).row(picked[r]));
        });
    }

    @Override
    public void permute(Tensor source, Tensor order, Tensor target) {
        MemoryChecks.permute(source, order, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] places = HostTensor.of(order).ints();
        threads.run(from.rows(), r -> {
            for (int c = 0; c < places.length; c++) {
                to.set(r, c, from.get(places[r], places[c]));
            }
        });
    }

    @Override
    public void argsortDescending(Tensor values, Tensor order) {
        MemoryChecks.argsortDescending(values, order);
        double[] keys = HostTensor.of(values).row(0);
        Integer[] indices = new Integer[keys.length];
        Arrays.setAll(indices, i -> i);
        // Sorting objects is stable: equal values keep their order.
        Arrays.sort(indices, Comparator.comparingDouble(i -> -keys[i]));
        HostTensor target = HostTensor.of(order);
        for (int i = 0; i < indices.length; i++) {
            target.set(0, i, indices[i]);
        }
    }
}
