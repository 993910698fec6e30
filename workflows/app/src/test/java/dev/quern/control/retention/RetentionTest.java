package dev.quern.control.retention;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.control.ServiceHarness;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.ScratchFolders;
import dev.quern.jobs.Job;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.jobs.installation.SweepLock;
import dev.quern.jobs.upload.Upload;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.job.JobState;
import dev.quern.testing.Await;
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
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.simple.JdbcClient;

@Timeout(300)
class RetentionTest {
    private static final Duration LIMIT = Duration.ofMinutes(4);
    private static final Duration WEEK = Duration.ofDays(7);
    private static final JobRequest REQUEST = ServiceHarness.request(8, 4, null);
    private static final String RECIPE = "gptq-w4a16";
    private static final Principal TESTER = new Principal("default", "tester", Set.of(Scope.ADMIN));

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    private final SimpleMeterRegistry metrics = new SimpleMeterRegistry();

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
    void aDeletedJobTakesItsResultAndItsRowsWithIt() throws Exception {
        service.startWorker();
        Job kept = completed(service.submit(REQUEST, RECIPE));
        Job gone = completed(service.submit(REQUEST, RECIPE));
        assertThat(keys())
                .anyMatch(key -> key.startsWith(
                        "t/default/outputs/" + gone.outputs().getFirst().prefix() + "/"));

        assertThat(service.rows().jobs().delete("default", gone.id())).isTrue();
        Await.within(LIMIT, "the rows are gone")
                .until(() -> service.rows().jobs().find(gone.id()).isEmpty());

        assertThat(keys())
                .noneMatch(key -> key.contains(gone.id().toString())
                        || key.contains("/" + gone.outputs().getFirst().prefix() + "/"))
                .contains("t/default/outputs/" + kept.outputs().getFirst().prefix() + "/" + Manifest.NAME);
        assertThat(service.rows()
                        .jobs()
                        .claimed("default", gone.outputs().getFirst().prefix()))
                .isFalse();
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

        assertThat(end.outputs().getFirst().digest())
                .isEqualTo(first.outputs().getFirst().digest());
        assertThat(end.progress().reusedBlocks()).isZero();
    }

    @Test
    void deletesUploadsThatNoJobReads() throws Exception {
        Upload unused = uploaded("config", "unused");
        Upload read = uploaded("config", "read");
        Upload text = uploaded("text");
        Upload open = service.uploads().open(TESTER, "open", files("tokenizer", "unused"), Duration.ofDays(30));
        service.store().create(key("orphan"), "orphan".getBytes(UTF_8));
        // None of them is a model, so both jobs have failed; one of them in eight days.
        endedAt(ended(service.submit(reading(unused), RECIPE)), Duration.ZERO);
        Job reader = ended(service.submit(
                ServiceHarness.withTexts(
                        reading(read), JobRequest.Source.uploaded(text.id().toString()), null),
                RECIPE));
        endedAt(reader, Duration.ofDays(8));

        assertThat(inEightDays().round()).as("the orphan").isEqualTo(1);
        assertThat(keys()).containsExactlyInAnyOrder(key("config"), key("unused"), key("read"), key("text"));
        assertThat(state(unused)).isEqualTo(Upload.State.EXPIRED);
        assertThat(state(read)).isEqualTo(Upload.State.COMPLETED);
        assertThat(state(text)).isEqualTo(Upload.State.COMPLETED);

        endedAt(reader, Duration.ZERO);
        expire(open);
        assertThat(inEightDays().round()).isEqualTo(4);
        assertThat(keys()).isEmpty();
        assertThat(service.uploads().stored("default", file("config")).verified())
                .isFalse();
    }

    /** While the sweep deletes a file, a client that announces it waits, and is then told to send it. */
    @Test
    void aFileThatIsAnnouncedWhileItIsDeletedIsToBeSentAgain() throws Exception {
        uploaded("config");
        AtomicReference<Future<Upload.Stored>> asked = new AtomicReference<>();
        try (ExecutorService client = Executors.newVirtualThreadPerTaskExecutor()) {
            ArtifactStore store = beforeTheFirstDelete(service.bean(ArtifactStore.class), () -> {
                service.uploads().open(TESTER, "again", files("config"), Duration.ofHours(1));
                asked.set(client.submit(() -> service.uploads().stored("default", file("config"))));
                awaitOneThatWaits();
                return asked;
            });

            assertThat(inEightDays(store).round()).isEqualTo(1);
            assertThat(asked.get().get().verified()).isFalse();
        }
        assertThat(keys()).isEmpty();
    }

    @Test
    void sweepsTheScratchOfJobsAtTheirEnd() throws Exception {
        Job ended = service.submit(REQUEST, RECIPE);
        Path own = scratch(ended.id());
        service.rows().jobs().cancel("default", ended.id());
        service.awaitEnd(ended.id(), LIMIT);
        // Without a workflow it is the reconciler that cleans up, after the row has ended.
        Await.within(LIMIT, "its own cleanup").until(() -> !Files.exists(own));
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

    private static JobRequest reading(Upload upload) {
        return ServiceHarness.request(JobRequest.Source.uploaded(upload.id().toString()), List.of(), 8, 4, null);
    }

    /** A completed upload of files with these words in them. */
    private Upload uploaded(String... words) throws IOException {
        Upload upload = service.uploads().open(TESTER, String.join(" ", words), files(words), Duration.ofHours(1));
        for (String word : words) {
            service.uploads().stored("default", file(word));
            service.store().create(key(word), word.getBytes(UTF_8));
            service.uploads().verified("default", file(word).sha256(), true);
        }
        service.uploads().complete("default", upload.id());
        return upload;
    }

    private static String key(String word) {
        return Keys.of("default").upload(file(word).sha256());
    }

    private static List<Upload.File> files(String... words) {
        return Stream.of(words).map(RetentionTest::file).toList();
    }

    private static Upload.File file(String word) {
        return new Upload.File(word + ".json", word.length(), Digests.sha256(word.getBytes(UTF_8)));
    }

    private void expire(Upload upload) {
        service.bean(JdbcClient.class)
                .sql("UPDATE upload SET expires_at = now() - interval '1 s' WHERE id = :id")
                .param("id", upload.id())
                .update();
    }

    private Path scratch(UUID job) throws IOException {
        return Files.createDirectories(service.scratch().resolve("job-" + job));
    }

    private Job ended(Job job) throws InterruptedException {
        return service.awaitEnd(job.id(), LIMIT);
    }

    private Upload.State state(Upload upload) {
        return service.uploads().find("default", upload.id()).orElseThrow().state();
    }

    private Job completed(Job job) throws InterruptedException {
        Job end = ended(job);
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(JobState.COMPLETED);
        return end;
    }

    private Retention inEightDays() {
        return inEightDays(service.bean(ArtifactStore.class));
    }

    private Retention inEightDays(ArtifactStore store) {
        Instant then = Instant.now().plus(Duration.ofDays(8));
        JobContexts contexts = new JobContexts(service.rows().jobs(), store);
        SweepLock lock = service.bean(SweepLock.class);
        UploadSweep uploads = new UploadSweep(service.uploads(), store, lock);
        return new Retention(contexts, uploads, lock, WEEK, () -> then, metrics);
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

    /** For what the sweep's transaction holds. */
    private void awaitOneThatWaits() {
        JdbcClient db = service.bean(JdbcClient.class);
        Await.within(LIMIT, "one that waits for the sweep")
                .until(() -> db.sql("SELECT count(*) > 0 FROM pg_stat_activity"
                                + " WHERE datname = current_database() AND wait_event_type = 'Lock'")
                        .query(Boolean.class)
                        .single());
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
