package dev.quern.worker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WorkerConfigTest {
    @Test
    void hasDefaultsForAllButAddresses() {
        WorkerConfig config =
                WorkerConfig.parse(List.of("--temporal", "127.0.0.1:7233", "--store", "file:///s"), Map.of());

        assertThat(config.temporal().namespace()).isEqualTo("default");
        assertThat(config.workerClass()).isEqualTo("cpu");
        assertThat(config.compute().backend()).isEqualTo(Backend.OPENBLAS);
        assertThat(config.compute().device()).isEqualTo(DeviceName.CPU);
        assertThat(config.compute().threads()).isEqualTo(Runtime.getRuntime().availableProcessors());
        assertThat(config.compute().memoryBytes()).isEqualTo(dev.quern.engine.plan.Budget.machineBytes());
        assertThat(config.httpPort()).isZero();
        assertThat(config.cacheBytes()).isEqualTo(8L << 30);
        assertThat(config.lifetime()).isEqualTo(WorkerConfig.Lifetime.INPUT);
        assertThat(config.temporal().token()).isNull();
    }

    @Test
    void readsEveryOption() {
        List<String> arguments = List.of(
                "--temporal",
                "t:1",
                "--namespace",
                "n",
                "--store",
                "file:///s",
                "--class",
                "big",
                "--backend",
                "java",
                "--device",
                "cpu",
                "--threads",
                "3",
                "--memory",
                "6g",
                "--scratch",
                "/x",
                "--http-port",
                "9",
                "--cache-mb",
                "3",
                "--lifetime",
                "signal",
                "--grace",
                "60");
        Map<String, String> environment = Map.of("QUERN_TOKEN", "secret", "QUERN_S3_SECRET_KEY", "secret");

        assertThat(WorkerConfig.parse(arguments, environment))
                .isEqualTo(new WorkerConfig(
                        new WorkerConfig.Temporal("t:1", "n", "secret", null),
                        "file:///s",
                        "big",
                        new WorkerConfig.Compute(Backend.JAVA, DeviceName.CPU, 3, 6L << 30),
                        Path.of("/x"),
                        9,
                        3 << 20,
                        WorkerConfig.Lifetime.SIGNAL,
                        Duration.ofMinutes(1),
                        environment))
                .asString()
                .doesNotContain("secret");
    }

    @Test
    void takesFromTheEnvironmentWhatTheArgumentsLeaveOut() {
        WorkerConfig config = WorkerConfig.parse(
                List.of("--threads", "2"),
                Map.of(
                        "QUERN_TEMPORAL", "t:1",
                        "QUERN_TEMPORAL_NAMESPACE", "n",
                        "QUERN_STORE", "s3://b/p",
                        "QUERN_THREADS", "7",
                        "QUERN_SCRATCH", "/x",
                        "QUERN_HTTP_PORT", "9",
                        "QUERN_LIFETIME", "signal",
                        "QUERN_CLASS", ""));

        assertThat(config)
                .returns(new WorkerConfig.Temporal("t:1", "n", null, null), WorkerConfig::temporal)
                .returns("s3://b/p", WorkerConfig::store)
                .returns(2, each -> each.compute().threads())
                .returns(Path.of("/x"), WorkerConfig::scratch)
                .returns(9, WorkerConfig::httpPort)
                .returns(WorkerConfig.Lifetime.SIGNAL, WorkerConfig::lifetime)
                .returns("cpu", WorkerConfig::workerClass);
    }

    @ParameterizedTest
    @CsvSource({"512, 512", "1k, 1024", "3M, 3145728", "2g, 2147483648", "1t, 1099511627776"})
    void readsSizesAsTheJvmDoes(String value, long bytes) {
        List<String> arguments = List.of("--temporal", "t:1", "--store", "s", "--memory", value);

        assertThat(WorkerConfig.parse(arguments, Map.of()).compute().memoryBytes())
                .isEqualTo(bytes);
    }

    @Test
    void takesTheKeyFromAFile(@TempDir Path folder) throws IOException {
        Path file = Files.writeString(folder.resolve("token"), "from-the-file\n");
        List<String> arguments = List.of("--temporal", "t:1", "--store", "s", "--token-file", file.toString());

        assertThat(WorkerConfig.parse(arguments, Map.of("QUERN_TOKEN", "other"))
                        .temporal()
                        .token())
                .isEqualTo("from-the-file");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
            --store file:///s                              | --temporal: missing (expected: host:port, here or in QUERN_TEMPORAL)
            --temporal t:1                                 | --store: missing (expected: file:///folder or s3://bucket/prefix, here or in QUERN_STORE)
            --temporal t:1 --store s --threads 0           | --threads: 0 (expected: 1 to 1024)
            --temporal t:1 --store s --threads many        | --threads: many (expected: 1 to 1024)
            --temporal t:1 --store s --backend cuda        | --backend: cuda (expected: openblas or java)
            --temporal t:1 --store s --device cuda:0       | --device: cuda:0 (expected: cpu, the devices of openblas; no backend of this build opens cuda devices)
            --temporal t:1 --store s --device gpu          | --device: gpu (expected: cpu, or a kind and a number such as cuda:0)
            --temporal t:1 --store s --device cpu:1        | --device: cpu:1 (expected: cpu, or a kind and a number such as cuda:0)
            --temporal t:1 --store s --memory 6q           | --memory: 6q (expected: bytes, or a number with k, m, g or t)
            --temporal t:1 --store s --memory 99999999t    | --memory: 99999999t (expected: more than nothing, less than 2^63 bytes)
            --temporal t:1 --store s --lifetime long       | --lifetime: long (expected: signal or input)
            --temporal t:1 --store                         | --store:  (expected: a value)
            """)
    void namesWhatIsWrong(String arguments, String message) {
        assertThatThrownBy(() -> WorkerConfig.parse(List.of(arguments.split(" ")), Map.of()))
                .hasMessage(message);
    }

    @Test
    void refusesOptionsThatItDoesNotKnow() {
        assertThatThrownBy(() -> WorkerConfig.parse(List.of("--gpu", "0"), Map.of()))
                .hasMessageStartingWith("--gpu:  (expected: one of --backend, --cache-mb, --class");
    }
}
