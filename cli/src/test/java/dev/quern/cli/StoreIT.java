package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.s3.S3ProxyServer;
import dev.quern.artifacts.stores.ArtifactStores;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The embedded stack with its artifacts in S3. */
@Tag("slow")
@Timeout(300)
class StoreIT {
    private static final String STORE = "s3://" + S3ProxyServer.BUCKET + "/installation";

    private Path data;

    @AfterEach
    void end() throws IOException {
        TestStack.end(data);
    }

    @Test
    void keepsArtifactsInTheStoreThatItsDataFolderBelongsTo() throws Exception {
        data = Files.createTempDirectory("quern-it-");
        try (S3ProxyServer s3 = new S3ProxyServer()) {
            Map<String, String> keys = s3.environment();
            assertThat(compress(Map.of(), "--store", STORE)).contains("QUERN_S3_ENDPOINT: not set (expected: ");
            Path out = data.resolveSibling(data.getFileName() + "-out");

            String done = compress(keys, "--store", STORE, "--out", out.toString());

            assertThat(done).contains("result in " + out);
            assertThat(out.resolve("config.json")).exists();
            TestStack.delete(out);
            ArtifactStore store = ArtifactStores.open(STORE, keys);
            assertThat(store.list("t/default/artifacts/block-")).isNotEmpty();
            try (Stream<Path> own = Files.list(data.resolve("store"))) {
                assertThat(own).isEmpty();
            }
            String elsewhere = STORE + "-2";
            assertThat(compress(keys, "--store", elsewhere)).contains("store=" + STORE, "expected: store=" + elsewhere);
            assertThat(logs()).doesNotContain(keys.get("QUERN_S3_SECRET_KEY"));
        }
    }

    /** What the command says; the stack that it starts gets the command's environment. */
    private String compress(Map<String, String> environment, String... options) throws Exception {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--enable-native-access=ALL-UNNAMED",
                Main.class.getName(),
                "compress",
                Cli.TINY.toString(),
                "--data",
                data.toString()));
        command.addAll(List.of("--samples", "8", "--seq-len", "128", "--eval-windows", "2"));
        command.addAll(List.of(options));
        ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
        builder.environment()
                .put(
                        "CLASSPATH",
                        System.getProperty("surefire.test.class.path", System.getProperty("java.class.path")));
        builder.environment().putAll(environment);
        Process process = builder.start();
        String said = new String(process.getInputStream().readAllBytes(), UTF_8);
        assertThat(process.waitFor(1, TimeUnit.MINUTES)).isTrue();
        return said;
    }

    private String logs() throws IOException {
        StringBuilder logs = new StringBuilder();
        try (Stream<Path> files = Files.list(data.resolve("logs"))) {
            for (Path file : files.toList()) {
                logs.append(Files.readString(file));
            }
        }
        return logs.toString();
    }
}
