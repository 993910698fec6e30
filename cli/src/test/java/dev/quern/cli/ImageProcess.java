package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.testing.Await;
import java.io.IOException;
import java.net.BindException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * The command of an image as a plain process: with the class path of the tests, and with ports and a scratch folder of
 * its own. With {@code -Dquern.images=podman} or {@code docker} it is a container of the image that {@code dev/images
 * build} made: with a read-only root file system, without capabilities, on the host's network.
 */
final class ImageProcess implements AutoCloseable {
    private static final String LIBRARIES = "/opt/quern/lib/*";
    private static final int LEAST_PORT = 20_000;
    private static final int PORTS = 10_000;
    private static final Duration HEALTHY = Duration.ofMinutes(2);
    /** The program that runs containers; empty for plain processes. */
    private static final String ENGINE = System.getProperty("quern.images", "");

    private final String name;
    private final Deployment.Image image;
    private final Process process;
    private final Path log;
    private final int port;

    private ImageProcess(String name, Deployment.Image image, Process process, Path log, int port) {
        this.name = name;
        this.image = image;
        this.process = process;
        this.log = log;
        this.port = port;
    }

    /** @param environment replaces what Compose passes, and nothing else */
    static ImageProcess start(String name, Map<String, String> environment, Path folder) throws IOException {
        Deployment.Image image = Deployment.image(name);
        int port = freePort();
        Map<String, String> settings = new HashMap<>(image.environment());
        settings.putAll(environment);
        settings.computeIfPresent("SERVER_ADDRESS", (variable, any) -> "127.0.0.1");
        settings.computeIfPresent("SERVER_PORT", (variable, any) -> Integer.toString(port));
        settings.computeIfPresent("QUERN_HTTP_PORT", (variable, any) -> Integer.toString(port));
        ProcessBuilder builder = ENGINE.isEmpty()
                ? process(image, settings, folder.resolve(name + "-scratch"))
                : container(name, port, settings, folder);
        Path log = folder.resolve(name + ".log");
        // As in a container: nothing on the standard input.
        builder.redirectInput(Path.of("/dev/null").toFile())
                .redirectErrorStream(true)
                .redirectOutput(log.toFile());
        return new ImageProcess(name, image, builder.start(), log, port);
    }

    private static ProcessBuilder process(Deployment.Image image, Map<String, String> settings, Path scratch)
            throws IOException {
        Files.createDirectories(scratch);
        settings.computeIfPresent("QUERN_SCRATCH", (variable, any) -> scratch.toString());
        List<String> command = command(image.entrypoint()).stream()
                .map(word -> word.replaceFirst("=/scratch$", "=" + scratch))
                .toList();
        ProcessBuilder builder = new ProcessBuilder(command);
        inherit(builder.environment());
        builder.environment().putAll(settings);
        return builder;
    }

    /** It sees the folder of the test, where keys are, and the model, under the same names. */
    private static ProcessBuilder container(String name, int port, Map<String, String> settings, Path folder)
            throws IOException {
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
        List<String> command = new ArrayList<>(List.of(
                ENGINE,
                "run",
                "--rm",
                "--name",
                "quern-" + name + "-" + port,
                "--network=host",
                "--read-only",
                "--cap-drop=ALL",
                "--security-opt=no-new-privileges",
                "--volume",
                folder + ":" + folder + ":ro",
                "--volume",
                Cli.TINY + ":" + Cli.TINY + ":ro"));
        settings.forEach((variable, value) -> command.addAll(List.of("--env", variable + "=" + value)));
        command.add("quern-" + name + ":test");
        return new ProcessBuilder(command);
    }

    String url(String path) {
        return "http://127.0.0.1:" + port + path;
    }

    String log() throws IOException {
        return Files.readString(log);
    }

    /** Runs the image's health check until it answers 0. */
    void awaitHealthy() {
        Await.within(HEALTHY, "the health check answers 0")
                .failFast(() -> assertThat(process.isAlive()).as(log()).isTrue())
                .untilAsserted(() -> assertThat(healthcheck()).as(log()).isZero());
    }

    private int healthcheck() throws IOException, InterruptedException {
        List<String> check = image.healthcheck();
        List<String> command = new ArrayList<>(check.subList(0, check.size() - 1));
        command.add(Integer.toString(port));
        ProcessBuilder builder = ENGINE.isEmpty()
                ? new ProcessBuilder(command(command))
                : new ProcessBuilder(
                        Stream.concat(Stream.of(ENGINE, "exec", "quern-" + name + "-" + port), command.stream())
                                .toList());
        Process process = builder.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start();
        return process.waitFor(30, TimeUnit.SECONDS) ? process.exitValue() : -1;
    }

    /** As docker stop does. The answer is the exit code. */
    int terminate(Duration grace) throws IOException, InterruptedException {
        process.destroy();
        return awaitEnd(grace);
    }

    int awaitEnd(Duration limit) throws IOException, InterruptedException {
        if (!process.waitFor(limit.toSeconds(), TimeUnit.SECONDS)) {
            throw new AssertionError("does not end: " + log());
        }
        return process.exitValue();
    }

    @Override
    public void close() {
        process.destroyForcibly();
    }

    private static List<String> command(List<String> words) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        String classPath = System.getProperty("surefire.test.class.path", System.getProperty("java.class.path"));
        return words.stream()
                .map(word -> word.equals("java") ? java : word.equals(LIBRARIES) ? classPath : word)
                .toList();
    }

    /** A container knows nothing of what this process was told. */
    private static void inherit(Map<String, String> environment) {
        environment.keySet().removeIf(name -> name.matches("(QUERN|SPRING|SERVER)_.*"));
    }

    /**
     * Not one of those that a system gives out by itself: connections that are made before this one is bound could get
     * it.
     */
    private static int freePort() throws IOException {
        for (int attempt = 0; attempt < PORTS; attempt++) {
            int port = LEAST_PORT + ThreadLocalRandom.current().nextInt(PORTS);
            try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
                return socket.getLocalPort();
            } catch (BindException e) {
                // Somebody's.
            }
        }
        throw new IOException("no port is free from " + LEAST_PORT + " on");
    }
}
