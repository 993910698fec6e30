package dev.quern.bench.sparse;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.format.compressedtensors.CompressedTensors;
import dev.quern.engine.format.quernsparse.QuernSparse;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.LinearId;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

/**
 * Size and speed of {@code quern-sparse} beside compressed-tensors: linears of 4096 x 4096 are written to a file and
 * read back from the page cache, each thread a linear at a time. Rates are GB of the original 16-bit weights per
 * second, and per second of processor time, which other programs on the machine change less; the best of all rounds.
 *
 * <p>Arguments: an empty folder (0.1 GB), threads, rounds. Needs a heap of 2 GB.
 */
public final class SparseBench {
    private static final int SIDE = 4096;
    private static final int LINEARS = 8;
    private static final double SOURCE_BYTES = 2.0 * LINEARS * SIDE * SIDE;
    private static final OperatingSystemMXBean PROCESS =
            (OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean();
    private static final List<PrunedLinear> CASES = List.of(
            new PrunedLinear(SIDE, SIDE, 4, 0, 1),
            new PrunedLinear(SIDE, SIDE, 4, 128, 1),
            new PrunedLinear(SIDE, SIDE, 4, 64, 1),
            new PrunedLinear(SIDE, SIDE, 4, 128, 2),
            new PrunedLinear(SIDE, SIDE, 3, 128, 1),
            new PrunedLinear(SIDE, SIDE, 8, 128, 1),
            new PrunedLinear(SIDE, SIDE, 4, 128, 0));

    private final Path folder;
    private final int threads;
    private final int rounds;

    private SparseBench(Path folder, int threads, int rounds) {
        this.folder = folder;
        this.threads = threads;
        this.rounds = rounds;
    }

    public static void main(String[] args) throws Exception {
        Path folder = Files.createDirectories(Path.of(args[0]));
        SparseBench bench = new SparseBench(folder, Integer.parseInt(args[1]), Integer.parseInt(args[2]));
        System.out.printf(
                "| codes | mask | codes | scales | all, bits a weight | write, of one core | read, of one core |"
                        + " read, %d threads | compressed-tensors, bits | read, of one core |%n",
                bench.threads);
        System.out.println("| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |");
        for (PrunedLinear linear : CASES) {
            bench.run(linear);
        }
    }

    private void run(PrunedLinear linear) throws Exception {
        List<CompressedLinear> linears = linears(linear.make(1));
        LinearCodec sparse = new QuernSparse();
        LinearCodec dense = new CompressedTensors();
        Rate write = rate(() -> store(sparse, linears));
        WeightBytes bytes = bytes(sparse, linears);
        Rate one = rate(() -> read(sparse, linears, 1));
        Rate all = rate(() -> read(sparse, linears, threads));
        store(dense, linears);
        WeightBytes packed = bytes(dense, linears);
        Rate densely = rate(() -> read(dense, linears, 1));
        System.out.printf(
                Locale.ROOT,
                "| %s | %.3f | %.3f | %.3f | %.3f | %.2f | %.2f | %.2f | %.3f | %.2f |%n",
                linear.title(),
                bits(bytes.mask()),
                bits(bytes.codes()),
                bits(bytes.scales()),
                bits(bytes.total()),
                write.ofCore(),
                one.ofCore(),
                all.wall(),
                bits(packed.total()),
                densely.ofCore());
    }

    /**
     * GB of source per second.
     *
     * @param wall by the clock
     * @param ofCore by the processor time of the whole process
     */
    private record Rate(double wall, double ofCore) {}

    private static double bits(long bytes) {
        return bytes * 8.0 / ((double) LINEARS * SIDE * SIDE);
    }

    /** All linears have the same codes: one grid is held, and only the names differ. */
    private static List<CompressedLinear> linears(IntegerGrid grid) {
        return IntStream.range(0, LINEARS)
                .mapToObj(i -> new CompressedLinear(new LinearId("", "p" + i), SIDE, SIDE, grid))
                .toList();
    }

    private Rate rate(Callable<Long> work) throws Exception {
        double wall = 0;
        double ofCore = 0;
        for (int round = 0; round < rounds; round++) {
            long start = System.nanoTime();
            long used = PROCESS.getProcessCpuTime();
            if (work.call() == 0) {
                throw new IllegalStateException("nothing done");
            }
            wall = Math.max(wall, SOURCE_BYTES / (System.nanoTime() - start));
            ofCore = Math.max(ofCore, SOURCE_BYTES / (PROCESS.getProcessCpuTime() - used));
        }
        return new Rate(wall, ofCore);
    }

    private long store(LinearCodec codec, List<CompressedLinear> linears) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Files.deleteIfExists(file);
        Files.writeString(folder.resolve("config.json"), "{}");
        List<OutputTensor> tensors = new ArrayList<>();
        for (CompressedLinear linear : linears) {
            IntegerGrid grid = grid(linear);
            tensors.addAll(codec.tensors(linear.id(), SIDE, SIDE, grid.shape(), StoredType.BF16, () -> linear));
        }
        try (SafetensorsWriter writer = SafetensorsWriter.create(file, tensors)) {
            for (CompressedLinear linear : linears) {
                codec.write(linear, StoredType.BF16, writer::write);
            }
            writer.commit();
        }
        return Files.size(file);
    }

    private WeightBytes bytes(LinearCodec codec, List<CompressedLinear> linears) {
        try (Checkpoint output = Checkpoint.openQuantized(folder)) {
            return linears.stream()
                    .map(linear -> codec.weightBytes(output, linear.id()))
                    .reduce(WeightBytes.NONE, WeightBytes::plus);
        }
    }

    private long read(LinearCodec codec, List<CompressedLinear> linears, int readers) throws Exception {
        try (Checkpoint output = Checkpoint.openQuantized(folder);
                ExecutorService pool = Executors.newFixedThreadPool(readers)) {
            List<Future<Boolean>> same = new ArrayList<>();
            for (CompressedLinear linear : linears) {
                same.add(pool.submit(() ->
                        codec.read(output, linear.id(), grid(linear).shape()).rows() == SIDE));
            }
            long read = 0;
            for (Future<Boolean> one : same) {
                read += one.get() ? 1 : 0;
            }
            return read == linears.size() ? read : 0;
        }
    }

    private static IntegerGrid grid(CompressedLinear linear) {
        return switch (linear.core()) {
            case IntegerGrid grid -> grid;
        };
    }
}
