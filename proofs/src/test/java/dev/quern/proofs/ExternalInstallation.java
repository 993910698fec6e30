package dev.quern.proofs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * The service as docker-compose.yml runs it, but as plain processes, on servers of its own that {@code dev/servers}
 * starts.
 */
final class ExternalInstallation implements Installation {
    static final Set<Victim> VICTIMS = EnumSet.complementOf(EnumSet.of(Victim.MAIN));

    private static final Set<Victim> SERVERS = EnumSet.of(Victim.POSTGRES, Victim.TEMPORAL, Victim.S3);
    private static final Path SCRIPT = CHECKOUT.resolve("dev/servers");
    private static final Duration READY = Duration.ofMinutes(3);
    private static final Duration GONE = Duration.ofMinutes(1);
    private static final Pattern VARIABLE = Pattern.compile("(\\w+)=(\\S+)");
    /** The first of the hundred of the next installation. */
    private static final AtomicInteger PORTS = new AtomicInteger(18_000);

    private static final int API_PORT = 80;
    private static final int CONTROL_PORT = 81;
    /** Those of {@code dev/servers}, and ours. */
    private static final List<Integer> USED = List.of(32, 33, 43, 70, API_PORT, CONTROL_PORT);

    private static final String LOGGING = "classpath:dev/quern/embedded/logback.xml";

    private final Programs programs;
    private final Path base = Programs.folder();
    private final Path root = base.resolve("servers");
    private final Place place = new Place(base.resolve("place"));
    private final int ports = freePorts();
    private final String token = "quern_" + UUID.randomUUID().toString().replace("-", "");
    private final Map<String, String> addresses = new HashMap<>();
    private final Map<Victim, Process> processes = new EnumMap<>(Victim.class);
    private final List<Process> furtherWorkers = new ArrayList<>();
    private final Set<ProcessHandle> born = new HashSet<>();

    ExternalInstallation(List<String> before, int workers) throws IOException, InterruptedException {
        programs = new Programs(before);
        // A proof that is interrupted leaves nothing behind.
        Runtime.getRuntime().addShutdownHook(new Thread(this::end));
        servers("start");
        Matcher variables = VARIABLE.matcher(Files.readString(root.resolve("env")));
        while (variables.find()) {
            addresses.put(variables.group(1), variables.group(2));
        }
        Files.writeString(base.resolve("key"), token + "\n");
        // The one that makes the tables comes first.
        run(Victim.CONTROL);
        awaitHealth(CONTROL_PORT);
        run(Victim.API);
        awaitHealth(API_PORT);
        run(Victim.WORKER);
        for (int worker = 1; worker < workers; worker++) {
            furtherWorkers.add(join(1));
        }
    }

    private static int freePorts() {
        int first = PORTS.getAndAdd(100);
        return USED.stream().allMatch(offset -> isFree(first + offset)) ? first : freePorts();
    }

    private static boolean isFree(int port) {
        try (ServerSocket socket = new ServerSocket()) {
            socket.bind(new InetSocketAddress(InetAddress.getLoopbackAddress(), port));
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private void run(Victim one) throws IOException {
        Process process = switch (one) {
            case CONTROL ->
                start(
                        one,
                        "dev.quern.control.ControlApplication",
                        Map.of(
                                "QUERN_HTTP_PORT", String.valueOf(ports + CONTROL_PORT),
                                "QUERN_BOOTSTRAP_KEY_FILE", base.resolve("key").toString()));
            case API ->
                start(one, "dev.quern.api.ApiApplication", Map.of("SERVER_PORT", String.valueOf(ports + API_PORT)));
            case WORKER -> join(1);
            default -> throw new IllegalArgumentException("started by dev/servers: " + one);
        };
        processes.put(one, process);
    }

    @Override
    public Process join(int threads) throws IOException {
        Process worker =
                start(Victim.WORKER, "dev.quern.worker.WorkerMain", Map.of("QUERN_THREADS", String.valueOf(threads)));
        born.add(worker.toHandle());
        return worker;
    }

    private Process start(Victim one, String main, Map<String, String> more) throws IOException {
        Map<String, String> environment = new HashMap<>(addresses);
        environment.putAll(more);
        environment.put("QUERN_FAILPOINT", place.setting());
        environment.put(
                "QUERN_SCRATCH", Files.createTempDirectory(base, "scratch-").toString());
        List<String> options = new ArrayList<>(
                List.of("-Xmx1g", "-Dlogging.config=" + LOGGING, "-Dlogback.configurationFile=" + LOGGING));
        if (one != Victim.WORKER) {
            // They are killed before what the second compiler costs has paid for itself.
            options.add("-XX:TieredStopAtLevel=1");
        }
        return programs.start(base.resolve(name(one) + ".log"), environment, options, main, List.of());
    }

    private void awaitHealth(int port) throws InterruptedException {
        URI health = URI.create("http://127.0.0.1:" + (ports + port) + "/health");
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest get = HttpRequest.newBuilder(health)
                    .timeout(Duration.ofSeconds(5))
                    .build();
            boolean ready = Patience.until(
                    READY, () -> http.send(get, BodyHandlers.discarding()).statusCode() == 200);
            Programs.require(ready, health + ": does not answer; logs in " + base);
        }
    }

    private void servers(String command, String... words) throws IOException, InterruptedException {
        ProcessBuilder script = new ProcessBuilder(
                Stream.concat(Stream.of(SCRIPT.toString(), command, root.toString()), Stream.of(words))
                        .toList());
        script.environment().put("QUERN_PORTS", String.valueOf(ports));
        Path log = base.resolve("servers.log");
        Process process = script.redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.appendTo(log.toFile()))
                .start();
        Programs.require(
                process.waitFor(READY.toSeconds(), TimeUnit.SECONDS) && process.exitValue() == 0,
                "dev/servers " + command + ": failed; see " + log);
    }

    @Override
    public Optional<URI> api() {
        return Optional.of(URI.create("http://127.0.0.1:" + (ports + API_PORT)));
    }

    @Override
    public String token() {
        return token;
    }

    @Override
    public Path store() {
        return root.resolve("s3/quern/store");
    }

    @Override
    public Place place() {
        return place;
    }

    @Override
    public void kill(Victim victim) throws IOException, InterruptedException {
        ProcessHandle process = handle(victim);
        born.add(process);
        process.descendants().forEach(born::add);
        process.destroyForcibly();
        process.onExit().join();
        if (SERVERS.contains(victim)) {
            servers("start", name(victim));
        } else {
            run(victim);
        }
    }

    private ProcessHandle handle(Victim one) throws IOException {
        if (!SERVERS.contains(one)) {
            return processes.get(one).toHandle();
        }
        String pid = Files.readString(root.resolve(name(one) + ".pid")).strip();
        return ProcessHandle.of(Long.parseLong(pid)).orElseThrow();
    }

    private static String name(Victim one) {
        return one.name().toLowerCase(Locale.ROOT);
    }

    @Override
    public List<ProcessHandle> orphans() throws InterruptedException {
        Set<ProcessHandle> earlier = new HashSet<>(born);
        Stream.concat(processes.values().stream(), furtherWorkers.stream())
                .map(Process::toHandle)
                .forEach(earlier::remove);
        Patience.until(GONE, () -> Programs.gone(earlier));
        return earlier.stream().filter(ProcessHandle::isAlive).toList();
    }

    @Override
    public void close() throws IOException, InterruptedException {
        List<ProcessHandle> all = ours();
        all.forEach(ProcessHandle::destroy);
        boolean gone = Patience.until(GONE, () -> Programs.gone(all));
        end();
        Programs.require(gone, "processes did not end: " + all + "; logs in " + base);
        Programs.delete(base);
    }

    private List<ProcessHandle> ours() {
        return Stream.concat(processes.values().stream(), furtherWorkers.stream())
                .map(Process::toHandle)
                .toList();
    }

    private void end() {
        ours().forEach(ProcessHandle::destroyForcibly);
        try {
            if (Files.exists(root)) {
                servers("stop");
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
