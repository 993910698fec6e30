package dev.quern.proofs;

import dev.quern.proofs.Client.Event;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobView;
import java.io.IOException;
import java.net.http.HttpClient;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;
import java.util.stream.LongStream;
import java.util.stream.Stream;

/**
 * One installation that suffers one trial after the other, each with a job that is made from nothing: before it,
 * everything that jobs reuse is deleted from the store.
 */
final class Lane implements AutoCloseable {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration RECOVERY = Duration.ofSeconds(60);
    private static final List<String> REUSED = List.of("t/default/artifacts/", "t/default/figures/");
    /** What only leads to blocks. */
    private static final Pattern ON_THE_WAY = Pattern.compile("(stream|gradient|statistics|part)-.*");

    private final JobRequest request;
    private final Installation installation;
    private final Client client;
    private final StoreWatch watch;
    private final Undisturbed undisturbed;
    /** How long the last undisturbed job took. */
    private double seconds;

    /** A job that nobody disturbed. */
    record Undisturbed(String digest, double seconds, int blocks) {}

    /** @param request of every job */
    Lane(JobRequest request) throws IOException, InterruptedException {
        this.request = request;
        installation = Installation.start(List.of(), 1);
        client = new Client(installation, HttpClient.newHttpClient());
        watch = new StoreWatch(installation.store().resolve(REUSED.getFirst()));
        undisturbed = undisturbed();
        seconds = undisturbed.seconds();
    }

    Undisturbed baseline() {
        return undisturbed;
    }

    private Undisturbed undisturbed() throws IOException, InterruptedException {
        forget();
        long start = System.nanoTime();
        JobView end = end(client.submit(request, LIMIT));
        double took = Patience.secondsSince(start);
        if (end.state() != JobState.COMPLETED) {
            throw new IllegalStateException("the undisturbed job: " + end);
        }
        return new Undisturbed(
                Objects.requireNonNull(end.first().outputDigest()),
                took,
                end.progress().blocks());
    }

    Outcome run(Trial trial) throws IOException, InterruptedException {
        forget();
        watch.appeared();
        if (trial.place() != null) {
            installation.place().arm(trial.place());
        }
        long begin = System.nanoTime();
        CompletableFuture<String> submitted = CompletableFuture.supplyAsync(this::submit, Thread::startVirtualThread);
        if (trial.place() == null) {
            if (isOver(submitted.join(), trial.fraction() * seconds)) {
                // Faster than the one before it: this one is the measure, and the trial comes again.
                seconds = Patience.secondsSince(begin);
                return run(trial);
            }
        } else if (!Patience.until(LIMIT, installation.place()::held)) {
            installation.place().release();
            return new Outcome(trial, "", 0, List.of("nobody came to " + trial.place()));
        }
        return kill(trial, submitted);
    }

    private Outcome kill(Trial trial, CompletableFuture<String> submitted) throws IOException, InterruptedException {
        List<Event> before = submitted.isDone() ? client.events(submitted.join(), 0) : List.of();
        String stage = submitted.isDone() ? stage(client.job(submitted.join())) : "";
        long killed = System.nanoTime();
        installation.kill(trial.victim());
        installation.place().release();
        boolean moves = Patience.until(LIMIT, () -> moves(submitted.join(), before));
        double recovery = Patience.secondsSince(killed);
        List<String> problems = moves ? check(submitted.join(), before, recovery) : List.of("it stands still");
        return new Outcome(trial, stage, recovery, problems);
    }

    private String submit() {
        try {
            return client.submit(request, LIMIT);
        } catch (InterruptedException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Waits; true when the job is over before the time has come. */
    private boolean isOver(String job, double wait) throws InterruptedException {
        Duration rest = Duration.ofNanos((long) (wait * 1e9));
        return Patience.until(rest, () -> Client.over(client.job(job)));
    }

    private static String stage(JobView job) {
        Stage stage = job.stage();
        return Client.over(job) || stage == null ? job.state().name() : stage.name();
    }

    /** Whether the job was told of since, or is over. */
    private boolean moves(String job, List<Event> before) throws InterruptedException {
        return Client.over(client.job(job))
                || client.events(job, before.size()).stream().anyMatch(Event::progress);
    }

    private List<String> check(String job, List<Event> before, double recovery)
            throws IOException, InterruptedException {
        JobView end = end(job);
        List<String> problems = new ArrayList<>();
        if (!undisturbed.digest().equals(end.first().outputDigest())) {
            problems.add(end.state() + " " + end.remarks().failure() + ", digest "
                    + end.first().outputDigest());
        }
        Map<String, Integer> appeared = watch.appeared();
        appeared.keySet().removeIf(name -> !name.startsWith("block-"));
        if (appeared.size() != undisturbed.blocks()
                || appeared.values().stream().anyMatch(times -> times != 1)) {
            problems.add("blocks appeared: " + appeared);
        }
        List<Event> log = client.events(job, 0);
        if (!log.stream()
                        .map(Event::id)
                        .toList()
                        .equals(LongStream.rangeClosed(1, log.size()).boxed().toList())
                || !log.subList(0, before.size()).equals(before)) {
            problems.add("events: " + log + " after " + before);
        }
        double block = undisturbed.seconds() / undisturbed.blocks();
        if (recovery > RECOVERY.toSeconds() + block) {
            problems.add("recovered late");
        }
        if (!Patience.until(RECOVERY, () -> left(job).isEmpty())) {
            problems.add("not cleaned up: " + left(job));
        }
        List<ProcessHandle> orphans = installation.orphans();
        if (!orphans.isEmpty()) {
            problems.add("orphans: " + orphans);
        }
        return problems;
    }

    /** What only a running job needs and nobody has deleted. */
    private List<Path> left(String job) {
        Path documents = installation.store().resolve("t/default/jobs").resolve(job);
        Path artifacts = installation.store().resolve(REUSED.getFirst());
        return Stream.concat(
                        names(documents)
                                .filter(file -> !file.getFileName().toString().startsWith("plan-")),
                        names(artifacts)
                                .filter(file -> ON_THE_WAY
                                        .matcher(file.getFileName().toString())
                                        .matches()))
                .toList();
    }

    private static Stream<Path> names(Path folder) {
        String[] names = folder.toFile().list();
        return names == null ? Stream.empty() : Arrays.stream(names).map(folder::resolve);
    }

    private JobView end(String job) throws InterruptedException {
        Patience.until(LIMIT, () -> Client.over(client.job(job)));
        return client.job(job);
    }

    /** So that the next job makes everything itself. */
    private void forget() throws IOException {
        for (String kind : REUSED) {
            Path folder = Files.createDirectories(installation.store().resolve(kind));
            try (Stream<Path> files = Files.list(folder).filter(Files::isRegularFile)) {
                for (Path file : files.toList()) {
                    // The clean-up of the job before may be at it too.
                    Files.deleteIfExists(file);
                }
            }
        }
    }

    @Override
    public void close() throws IOException, InterruptedException {
        watch.close();
        installation.close();
    }
}
