package dev.quern.engine.plan;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;

/**
 * What a worker may use.
 *
 * @param memoryBytes of its process, all together
 * @param flopsPerSecond float32, of all its threads; only estimates of time and the length of trace runs come from it
 * @param bytesPerSecond at which weights are read; likewise
 * @param diskBytes for scratch and artifacts; {@link Long#MAX_VALUE} where that is not known
 */
public record Budget(long memoryBytes, int threads, double flopsPerSecond, double bytesPerSecond, long diskBytes) {
    /**
     * What the products of a forward reach on one core, in round numbers: for estimates before a device was measured.
     */
    private static final double UNMEASURED_FLOPS_PER_THREAD = 30e9;

    /** A local disk, or its cache, or a store beside the worker. */
    private static final double BYTES_PER_SECOND = 1e9;

    /** The system and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    public Budget(long memoryBytes, int threads) {
        this(memoryBytes, threads, threads * UNMEASURED_FLOPS_PER_THREAD, BYTES_PER_SECOND, Long.MAX_VALUE);
    }

    /** Three quarters of the memory of this machine, or of the container around this process. */
    public static Budget ofMachine(int threads) {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return new Budget((long) (machine.getTotalMemorySize() * SHARE), threads);
    }

    /** @param flops per second, as the device measured them */
    public Budget withSpeed(double flops) {
        return new Budget(memoryBytes, threads, flops, bytesPerSecond, diskBytes);
    }

    public Budget withDisk(long bytes) {
        return new Budget(memoryBytes, threads, flopsPerSecond, bytesPerSecond, bytes);
    }
}
