package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.backend.java.JavaBackend;
import org.junit.jupiter.api.Test;

class DeviceSpeedTest {
    /**
     * Plain Java on one thread makes more than a million and less than a trillion operations per second on any machine,
     * and takes more than a megabyte and less than a terabyte in.
     */
    @Test
    void isThatOfAProductAndLeavesNothingBehind() {
        try (ComputeBackend backend = new JavaBackend(DType.F32, 1)) {
            DeviceSpeed speed = DeviceSpeed.of(backend);
            assertThat(speed.flopsPerSecond()).isBetween(1e6, 1e12);
            assertThat(speed.bytesPerSecond()).isBetween(1e6, 1e12);
            assertThat(backend.memory().liveBytes()).isZero();
        }
    }
}
