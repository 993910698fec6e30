package dev.quern.engine.plan;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What a worker may use.
 *
 * @param memoryBytes of its process, all together
 * @param flopsPerSecond float32, of all its threads; only estimates of time come from it
 */
public record Budget(long memoryBytes, int threads, double flopsPerSecond) {
    /** What the products of a forward reach on one core of a server of these years, in round numbers. */
    private static final double FLOPS_PER_THREAD = 30e9;

    /** The system and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    public Budget(long memoryBytes, int threads) {
        this(memoryBytes, threads, threads * FLOPS_PER_THREAD);
    }

    /** Three quarters of the memory of this machine, or of the container around this process. */
    public static Budget ofMachine(int threads) {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return new Budget((long) (machine.getTotalMemorySize() * SHARE), threads);
    }
}
