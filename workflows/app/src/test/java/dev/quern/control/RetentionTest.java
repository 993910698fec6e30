package dev.quern.control;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobState;
import dev.quern.jobs.SweepLock;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.worker.ComputeWorker;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;

@Timeout(300)
class RetentionTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration WEEK = Duration.ofDays(7);
    private static final JobRequest REQUEST = ServiceHarness.request(8, 4, null);
    private static final String RECIPE = "gptq-w4a16";

    @TempDir
    Path folder;

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();
    private ServiceHarness service;

    @BeforeEach
    void start() throws IOException {
        service = new ServiceHarness(folder);
    }

    @AfterEach
    void stop() {
        service.close();
    }

    @Test
    void deletesWhatNoJobNeedsAndNothingElse() throws Exception {
        ComputeWorker worker = service.startWorker();
        Job first = completed(service.submit(REQUEST, RECIPE));
        Job second = completed(service.submit(REQUEST, RECIPE));
        worker.close();
        List<String> before = keys();
        assertThat(before).anyMatch(key -> key.contains("/artifacts/block-"));
        assertThat(before).anyMatch(key -> key.contains("/datasets/"));
        assertThat(before).anyMatch(key -> key.contains("/figures/"));

        // In eight days all is older than a week, but the second job, which shares what the first one made, has just
        // ended.
        endedAt(second, Duration.ofDays(8));
        assertThat(inEightDays().round()).isPositive();
        assertThat(keys()).isEqualTo(without(before, first));

        // Now it has not, but another one has yet to say what it needs.
        endedAt(second, Duration.ZERO);
        Job waiting = service.submit(REQUEST, RECIPE);
        service.await(waiting.id(), LIMIT, now -> now.state() == JobState.RUNNING);
        inEightDays().round();
        assertThat(keys())
                .containsAll(without(without(before, first), second))
                .noneMatch(key -> key.startsWith("t/default/jobs/" + second.id()));

        service.rows().jobs().cancel("default", waiting.id());
        service.awaitEnd(waiting.id(), LIMIT);
        // As by a plan that was made while the job was cancelled.
        service.store()
                .create(Keys.of("default").document(waiting.id().toString(), "plan-late.json"), "{}".getBytes(UTF_8));
        assertThat(inEightDays().round()).isPositive();
        assertThat(metrics.get("quern.retention.deleted").counter().count()).isGreaterThan(1);
        assertThat(keys())
                .allMatch(key -> key.startsWith("t/default/outputs/"))
                .anyMatch(key -> key.endsWith(Manifest.NAME));
    }

    @Test
    void aJobThatBeginsWhileItsBlocksAreDeletedMakesThemAgain() throws Exception {
        service.startWorker();
        Job first = completed(service.submit(REQUEST, RECIPE));
        AtomicReference<Job> second = new AtomicReference<>();

        ArtifactStore store = beforeTheFirstDelete(service.bean(ArtifactStore.class), () -> {
            second.set(service.submit(REQUEST, RECIPE));
            awaitOneThatWaits();
            return second;
        });
        assertThat(inEightDays(store).round()).isPositive();
        Job end = completed(second.get());

        assertThat(end.outputDigest()).isEqualTo(first.outputDigest());
        assertThat(end.progress().reusedBlocks()).isZero();
    }

    @Test
    void sweepsTheScratchOfJobsAtTheirEnd() throws Exception {
        Job ended = service.submit(REQUEST, RECIPE);
        service.rows().jobs().cancel("default", ended.id());
        service.awaitEnd(ended.id(), LIMIT);
        Job waiting = service.submit(REQUEST, RECIPE);
        Path unknown = scratch(UUID.randomUUID());
        Path left = scratch(ended.id());
        Path used = scratch(waiting.id());
        Path strange = Files.createDirectory(service.scratch().resolve("job-of-mine"));

        scratchSweep(Instant.now()).round();
        assertThat(unknown).doesNotExist();
        assertThat(left).as("its own cleanup comes first").exists();
        scratchSweep(Instant.now().plus(Duration.ofHours(2))).round();

        assertThat(left).doesNotExist();
        assertThat(used).exists();
        assertThat(strange).exists();
    }

    private Path scratch(UUID job) throws IOException {
        return Files.createDirectories(service.scratch().resolve("job-" + job));
    }

    private Job completed(Job job) throws InterruptedException {
        Job end = service.awaitEnd(job.id(), LIMIT);
        assertThat(end.state()).as("%s", end.failure()).isEqualTo(JobState.COMPLETED);
        return end;
    }

    private Retention inEightDays() {
        return inEightDays(service.bean(ArtifactStore.class));
    }

    private Retention inEightDays(ArtifactStore store) {
        Instant then = Instant.now().plus(Duration.ofDays(8));
        JobContexts contexts = new JobContexts(service.rows().jobs(), store);
        return new Retention(contexts, service.bean(SweepLock.class), WEEK, () -> then, metrics);
    }

    private ScratchSweep scratchSweep(Instant now) {
        return new ScratchSweep(
                service.bean(ScratchFolders.class), service.rows().jobs(), () -> now);
    }

    private void endedAt(Job job, Duration later) {
        service.bean(JdbcClient.class)
                .sql("UPDATE job SET finished_at = now() + make_interval(secs => :seconds) WHERE id = :id")
                .param("seconds", later.toSeconds())
                .param("id", job.id())
                .update();
    }

    private List<String> keys() throws IOException {
        return service.store().list("t/").stream().map(Entry::key).toList();
    }

    private static List<String> without(List<String> keys, Job job) {
        return keys.stream()
                .filter(key -> !key.startsWith("t/default/jobs/" + job.id()))
                .toList();
    }

    /** The inspection of a job that has begun. */
    private void awaitOneThatWaits() throws InterruptedException {
        long end = System.nanoTime() + LIMIT.toNanos();
        JdbcClient db = service.bean(JdbcClient.class);
        while (db.sql("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database ="
                                + " (SELECT oid FROM pg_database WHERE datname = current_database())")
                        .query(Integer.class)
                        .single()
                == 0) {
            assertThat(System.nanoTime()).isLessThan(end);
            Thread.sleep(20);
        }
    }

    /** Does something once, on a thread of its own: that of the sweep is in a transaction. */
    private static ArtifactStore beforeTheFirstDelete(ArtifactStore store, Callable<?> something) {
        AtomicReference<Callable<?>> once = new AtomicReference<>(something);
        return (ArtifactStore) Proxy.newProxyInstance(
                ArtifactStore.class.getClassLoader(),
                new Class<?>[] {ArtifactStore.class},
                (proxy, method, arguments) -> {
                    Callable<?> now = method.getName().equals("delete") ? once.getAndSet(null) : null;
                    if (now != null) {
                        try (ExecutorService other = Executors.newVirtualThreadPerTaskExecutor()) {
                            Future<?> done = other.submit(now);
                            done.get();
                        }
                    }
                    try {
                        return method.invoke(store, arguments);
                    } catch (InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }
}
