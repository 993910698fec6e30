package dev.quern.openblas.vector;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Memory;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.check.MemoryChecks;
import dev.quern.engine.backend.host.HostAllocator;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.backend.host.HostThreads;
import dev.quern.engine.backend.java.JavaMemory;
import java.lang.foreign.MemorySegment;

/** Copies and conversions by rows. What host memory holds is used where it lies. */
public final class VectorMemory implements Memory {
    private final HostAllocator allocator;
    private final HostThreads threads;
    private final JavaMemory plain;

    public VectorMemory(HostAllocator allocator, HostThreads threads) {
        this.allocator = allocator;
        this.threads = threads;
        this.plain = new JavaMemory(allocator, threads);
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
        if (source.isNative()) {
            return HostTensor.over(source, dtype, rows, cols);
        }
        // BLAS takes no pointer into the heap of the JVM.
        Tensor copy = scope.reserve(dtype, rows, cols);
        copy(HostTensor.over(source, dtype, rows, cols), copy);
        return copy;
    }

    @Override
    public void download(Tensor source, MemorySegment target) {
        copy(source, HostTensor.over(target, source.dtype(), source.rows(), source.cols()));
    }

    @Override
    public double value(Tensor source) {
        return plain.value(source);
    }

    @Override
    public void copy(Tensor source, Tensor target) {
        MemoryChecks.copy(source, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        RowTasks.run(threads, from.rows(), from.cols(), (begin, end) -> {
            if (from.dtype() == to.dtype()) {
                copyRows(from, to, begin, end);
            } else if (from.dtype() == DType.F64 || to.dtype() == DType.F64) {
                convertDoubles(from, to, begin, end);
            } else {
                convertFloats(from, to, begin, end);
            }
        });
    }

    private static void copyRows(HostTensor from, HostTensor to, int begin, int end) {
        long bytes = (long) from.cols() * from.dtype().bytes();
        for (int r = begin; r < end; r++) {
            MemorySegment.copy(from.memory(), from.byteAt(r, 0), to.memory(), to.byteAt(r, 0), bytes);
        }
    }

    private static void convertFloats(HostTensor from, HostTensor to, int begin, int end) {
        float[] values = new float[from.cols()];
        for (int r = begin; r < end; r++) {
            Rows.read(from, r, values);
            Rows.write(values, to, r);
        }
    }

    private static void convertDoubles(HostTensor from, HostTensor to, int begin, int end) {
        double[] values = new double[from.cols()];
        for (int r = begin; r < end; r++) {
            Rows.read(from, r, values);
            Rows.write(values, to, r);
        }
    }

    @Override
    public void gatherColumns(Tensor source, Tensor columns, Tensor target) {
        MemoryChecks.gatherColumns(source, columns, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] picked = HostTensor.of(columns).ints();
        RowTasks.run(threads, from.rows(), from.cols(), (begin, end) -> {
            double[] values = new double[from.cols()];
            double[] gathered = new double[picked.length];
            for (int r = begin; r < end; r++) {
                Rows.read(from, r, values);
                for (int c = 0; c < picked.length; c++) {
                    gathered[c] = values[picked[c]];
                }
                Rows.write(gathered, to, r);
            }
        });
    }

    @Override
    public void scatterColumns(Tensor source, Tensor columns, Tensor target) {
        MemoryChecks.scatterColumns(source, columns, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] places = HostTensor.of(columns).ints();
        RowTasks.run(threads, from.rows(), from.cols(), (begin, end) -> {
            double[] values = new double[places.length];
            double[] scattered = new double[places.length];
            for (int r = begin; r < end; r++) {
                Rows.read(from, r, values);
                for (int c = 0; c < places.length; c++) {
                    scattered[places[c]] = values[c];
                }
                Rows.write(scattered, to, r);
            }
        });
    }

    @Override
    public void gatherRows(Tensor source, Tensor rows, Tensor target) {
        MemoryChecks.gatherRows(source, rows, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] picked = HostTensor.of(rows).ints();
        long bytes = (long) from.cols() * from.dtype().bytes();
        RowTasks.run(threads, to.rows(), to.cols(), (begin, end) -> {
            for (int r = begin; r < end; r++) {
                MemorySegment.copy(from.memory(), from.byteAt(picked[r], 0), to.memory(), to.byteAt(r, 0), bytes);
            }
        });
    }

    @Override
    public void permute(Tensor source, Tensor order, Tensor target) {
        MemoryChecks.permute(source, order, target);
        HostTensor from = HostTensor.of(source);
        HostTensor to = HostTensor.of(target);
        int[] picked = HostTensor.of(order).ints();
        RowTasks.run(threads, from.rows(), from.cols(), (begin, end) -> {
            double[] values = new double[picked.length];
            double[] permuted = new double[picked.length];
            for (int r = begin; r < end; r++) {
                Rows.read(from, picked[r], values);
                for (int c = 0; c < picked.length; c++) {
                    permuted[c] = values[picked[c]];
                }
                Rows.write(permuted, to, r);
            }
        });
    }

    @Override
    public void argsortDescending(Tensor values, Tensor order) {
        plain.argsortDescending(values, order);
    }
}
