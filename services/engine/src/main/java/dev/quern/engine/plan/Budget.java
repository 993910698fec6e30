package dev.quern.engine.plan;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.engine.backend.DeviceSpeed;
import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * What a worker may use.
 *
 * @param speed of its device; only estimates of time, and how work is cut, come from it. Null where no device was
 *     measured: then a plan has no times, and is cut no further than somebody asks
 * @param diskBytes for scratch and artifacts; {@link Long#MAX_VALUE} where that is not known
 */
public record Budget(Memory memory, int threads, @Nullable DeviceSpeed speed, long diskBytes) {
    /** The system and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    /**
     * The memory that work may take. A device with memory of its own holds weights, statistics, tiles and workspace
     * there, and the process holds the rest beside it. A CPU computes in the memory of the process: that is one pot for
     * all.
     *
     * @param deviceBytes of the device
     * @param hostBytes of the process beside it; null where both are one pot of {@code deviceBytes}
     */
    public record Memory(long deviceBytes, @Nullable Long hostBytes) {
        /** One pot for the device and the process. */
        public static Memory shared(long bytes) {
            return new Memory(bytes, null);
        }
    }

    /** A device that computes in the memory of the process. */
    public Budget(long memoryBytes, int threads, @Nullable DeviceSpeed speed) {
        this(Memory.shared(memoryBytes), threads, speed, Long.MAX_VALUE);
    }

    /** Three quarters of the memory of this machine, or of the container around this process. */
    public static long machineBytes() {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        return (long) (machine.getTotalMemorySize() * SHARE);
    }

    public Budget withDisk(long bytes) {
        return new Budget(memory, threads, speed, bytes);
    }
}
