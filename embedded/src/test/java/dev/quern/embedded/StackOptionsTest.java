package dev.quern.embedded;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.management.OperatingSystemMXBean;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StackOptionsTest {
    private static final long MACHINE =
            ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class).getTotalMemorySize();

    @ParameterizedTest
    @ValueSource(ints = {1, 2, 3, 64})
    void workersShareTheMachine(int workers) {
        StackOptions options = StackOptions.standard().withWorkers(workers);

        assertThat(options.memoryEach() * workers).isBetween(MACHINE / 2, MACHINE);
        assertThat(options.threadsEach()).isPositive();
        assertThat(options.threadsEach() * workers)
                .isLessThanOrEqualTo(Math.max(workers, Runtime.getRuntime().availableProcessors()));
    }

    @Test
    void threadsThatAreAskedForAreThoseOfEachWorker() {
        assertThat(StackOptions.standard().withWorkers(3).withThreads(5).threadsEach())
                .isEqualTo(5);
    }

    @Test
    void surviveTheWayIntoTheProcessOfTheStack() {
        StackOptions options = new StackOptions(8080, 3, 2, 7233, null);

        assertThat(sent(options)).isEqualTo(options);
        assertThat(sent(options.withStore("s3://bucket/a/b/")).store()).isEqualTo("s3://bucket/a/b");
    }

    private static StackOptions sent(StackOptions options) {
        return StackOptions.of(options.arguments(new DataFolder(Path.of("/d"))).toArray(String[]::new));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "/folder",
                "file:///folder",
                "s3://bucket",
                "s3://bucket/",
                "s3://bucket/a?key=secret",
                "https://host/b"
            })
    void namesAStoreThatIsNone(String store) {
        assertThatThrownBy(() -> StackOptions.standard().withStore(store))
                .hasMessage("--store: " + store + " (expected: s3://bucket/prefix)");
    }

    @Test
    void namesWhatNoStackCanHave() {
        assertThatThrownBy(() -> StackOptions.standard().withWorkers(0)).hasMessage("--workers: 0 (expected: 1 to 64)");
        assertThatThrownBy(() -> StackOptions.standard().withPort(65536))
                .hasMessage("--port: 65536 (expected: 0 to 65535)");
    }
}
