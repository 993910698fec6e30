package dev.quern.worker.device;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class DeviceSlotTest {
    private final DeviceSlot slot = new DeviceSlot(Duration.ZERO);

    @Test
    void takesOneAtATime() {
        assertThat(slot.enter()).isTrue();
        assertThat(slot.enter()).isFalse();
        slot.leave();
        assertThat(slot.enter()).isTrue();
    }

    @Test
    void aDrainWaitsForTheWorkThatIsThereAndLetsNoOtherIn() throws Exception {
        assertThat(slot.enter()).isTrue();
        assertThat(slot.draining()).isFalse();
        try (ExecutorService others = Executors.newVirtualThreadPerTaskExecutor()) {
            Future<?> drain = others.submit(() -> {
                slot.drain(Duration.ofMinutes(5));
                return slot;
            });
            while (!slot.draining()) {
                Thread.onSpinWait();
            }
            assertThat(drain.isDone()).isFalse();
            slot.leave();
            drain.get();
        }
        assertThat(slot.enter()).isFalse();
    }

    @Test
    void aDrainEndsWhenItsTimeIsUp() throws Exception {
        assertThat(slot.enter()).isTrue();

        slot.drain(Duration.ofMillis(20));
        slot.drain(Duration.ZERO);

        assertThat(slot.draining()).isTrue();
    }
}
