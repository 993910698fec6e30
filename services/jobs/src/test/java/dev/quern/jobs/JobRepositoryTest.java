package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobView;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class JobRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final JobRepository jobs = new JobRepository(database.client(), database.transactions());
    private final StepRepository steps = new StepRepository(database.client(), database.transactions());
    // A tenant of its own for every test: the database is shared.
    private final Principal owner = new Principal("t" + UUID.randomUUID(), "tester", Set.of(Scope.ADMIN));

    @Test
    void acceptsAJobAndFindsItAgain() {
        Job job = jobs.submit(submission("out", null, Map.of("team", "search"))).job();

        assertThat(jobs.find(owner.tenant(), job.id())).contains(job);
        assertThat(job.state()).isEqualTo(JobState.QUEUED);
        assertThat(job.request().labels()).isEqualTo(Map.of("team", "search"));
        assertThat(job.run().generation()).isEqualTo(1);
        assertThat(job.view().progress().percent()).isZero();
        assertThat(jobs.find("another", job.id())).isEmpty();
    }

    @Test
    void holdsAnOutputPrefixUntilTheJobEndsWithoutAResult() {
        Job first = jobs.submit(submission("out", null, Map.of())).job();

        assertThatThrownBy(() -> jobs.submit(submission("out", null, Map.of())))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_TAKEN))
                .hasMessage("outputs[0].prefix: out (expected: one that no job and no other output holds)");
        assertThat(jobs.list(owner.tenant(), JobFilter.ALL, null, 10).jobs()).hasSize(1);

        assertThat(jobs.claimed(owner.tenant(), "out")).isTrue();
        steps.project(first.id(), Step.of(1, 1, JobState.REJECTED, null).failedWith("invalid-checkpoint", "no config"));
        assertThat(jobs.claimed(owner.tenant(), "out")).isFalse();
        assertThat(jobs.submit(submission("out", null, Map.of())).created()).isTrue();
    }

    @Test
    void severalOutputsHaveAPlaceEach() {
        Job job = jobs.submit(submission(List.of(output(null, "w4"), output(null, "w3"), output("mine", "w2"))))
                .job();

        assertThat(job.outputs())
                .extracting(JobOutput::prefix)
                .containsExactly(job.id().toString(), job.id() + "-w3", "mine");
        assertThat(job.outputs())
                .extracting(JobOutput::recipe)
                .containsExactly("{\"w4\":1}", "{\"w3\":1}", "{\"w2\":1}");
        assertThat(job.outputs())
                .allSatisfy(output -> assertThat(jobs.claimed(owner.tenant(), output.prefix()))
                        .isTrue());
        assertThat(job.outputs().getFirst().recipeName()).isEqualTo("w4");
    }

    @Test
    void theLimitOfUnfinishedJobsHoldsForThoseThatComeAtOnce() throws Exception {
        List<Callable<Boolean>> calls = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            Submission submission = submission("one-of-many-" + i, null, Map.of());
            calls.add(() -> {
                try {
                    return jobs.submit(submission, 5).created();
                } catch (QuernException e) {
                    assertThat(e).hasMessage("jobs: 5 unfinished (expected: fewer than 5)");
                    return false;
                }
            });
        }
        int accepted = 0;
        try (ExecutorService threads = Executors.newFixedThreadPool(8)) {
            for (Future<Boolean> call : threads.invokeAll(calls)) {
                accepted += call.get() ? 1 : 0;
            }
        }
        assertThat(accepted).isEqualTo(5);
    }

    @Test
    void twoOutputsOfAJobCannotShareAPlace() {
        assertThatThrownBy(() -> jobs.submit(submission(List.of(output("one", "w4"), output("one", "w3")))))
                .hasMessage("outputs[1].prefix: one (expected: one that no job and no other output holds)")
                .isInstanceOfSatisfying(
                        QuernException.class,
                        e -> assertThat(e.violations())
                                .singleElement()
                                .returns("/outputs/1/prefix", QuernException.Violation::pointer));
        assertThat(jobs.claimed(owner.tenant(), "one")).isFalse();
    }

    @Test
    void whatIsPublishedKeepsItsPlaceThoughTheJobFails() {
        Job job = jobs.submit(submission(List.of(output("done", "w4"), output("not", "w3"))))
                .job();
        OutputRepository outputs = new OutputRepository(database.client());
        outputs.published(job.id(), 0, "t/x/outputs/done/", "sha", true);
        steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null).failedWith("disk-budget", "full"));

        assertThat(jobs.claimed(owner.tenant(), "done")).isTrue();
        assertThat(jobs.claimed(owner.tenant(), "not")).isFalse();
        assertThat(jobs.retry(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.claimed(owner.tenant(), "not")).isTrue();
        assertThat(jobs.find(job.id()).orElseThrow().view().outputs())
                .extracting(JobView.Output::location, JobView.Output::accepted)
                .containsExactly(tuple("t/x/outputs/done/", true), tuple(null, null));
    }

    @Test
    void noOutputLiesWithinAnother() {
        String bucket = "s3://" + UUID.randomUUID();
        jobs.submit(to(bucket + "/a/b"));

        for (String taken : List.of("/a/b", "/a", "/a/b/c")) {
            assertThatThrownBy(() -> jobs.submit(to(bucket + taken)))
                    .hasMessage("outputs[0].uri: " + bucket + taken
                            + " (expected: one that no job and no other output holds)")
                    .isInstanceOfSatisfying(QuernException.class, e -> {
                        assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_TAKEN);
                        assertThat(e.violations())
                                .singleElement()
                                .returns("/outputs/0/uri", QuernException.Violation::pointer);
                    });
        }
        assertThat(jobs.submit(to(bucket + "/a/bc")).created()).isTrue();
    }

    @Test
    void oneOfARaceForAnOutputGetsIt() throws Exception {
        String uri = "s3://" + UUID.randomUUID() + "/a";
        List<Callable<Boolean>> race = new ArrayList<>();
        for (int i = 0; i < 8; i++) {
            String mine = i % 2 == 0 ? uri : uri + "/" + i;
            race.add(() -> accepted(to(mine)));
        }
        int accepted = 0;
        try (ExecutorService racers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<Boolean> answer : racers.invokeAll(race)) {
                accepted += answer.get() ? 1 : 0;
            }
        }
        // Either the folder, or some of the four within it.
        assertThat(accepted).isBetween(1, 4);
        assertThat(accepted(to(uri))).isFalse();
    }

    @Test
    void answersARepeatedRequestWithTheSameJobAndRefusesAnotherBody() {
        Job first = jobs.submit(submission("a", new Submission.Idempotency("k", "hash-1"), Map.of()))
                .job();

        JobRepository.Submitted again =
                jobs.submit(submission("a", new Submission.Idempotency("k", "hash-1"), Map.of()));

        assertThat(again.created()).isFalse();
        assertThat(again.job().id()).isEqualTo(first.id());
        assertThatThrownBy(() -> jobs.submit(submission("b", new Submission.Idempotency("k", "hash-2"), Map.of())))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST));
    }

    @Test
    void makesOneJobOfARaceOfEqualRequests() throws Exception {
        List<Callable<JobRepository.Submitted>> race = Collections.nCopies(
                8, () -> jobs.submit(submission("race", new Submission.Idempotency("race", "hash"), Map.of())));

        List<JobRepository.Submitted> answers = new ArrayList<>();
        try (ExecutorService racers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<JobRepository.Submitted> answer : racers.invokeAll(race)) {
                answers.add(answer.get());
            }
        }
        assertThat(answers)
                .extracting(answer -> answer.job().id())
                .containsOnly(answers.getFirst().job().id());
        assertThat(answers).filteredOn(JobRepository.Submitted::created).hasSize(1);
    }

    @Test
    void equalRequestsAreOneJobUntilItEnds() throws Exception {
        Map<String, String> label = Map.of(JobRequest.SAME, UUID.randomUUID().toString());
        List<Callable<JobRepository.Submitted>> race =
                Collections.nCopies(8, () -> jobs.submit(submission(null, null, label)));

        List<JobRepository.Submitted> answers = new ArrayList<>();
        try (ExecutorService racers = Executors.newVirtualThreadPerTaskExecutor()) {
            for (Future<JobRepository.Submitted> answer : racers.invokeAll(race)) {
                answers.add(answer.get());
            }
        }
        Job job = answers.getFirst().job();
        assertThat(answers).extracting(answer -> answer.job().id()).containsOnly(job.id());
        assertThat(answers).filteredOn(JobRepository.Submitted::created).hasSize(1);

        jobs.cancel(owner.tenant(), job.id());
        Job next = jobs.submit(submission(null, null, label)).job();
        assertThat(next.id()).isNotEqualTo(job.id());
        steps.project(next.id(), Step.of(1, 1, JobState.FAILED, null).failedWith("internal", "broken"));
        assertThat(jobs.submit(submission(null, null, label)).created()).isTrue();
    }

    @Test
    void pagesThroughJobsNewestFirst() {
        List<UUID> made = new ArrayList<>();
        for (int i = 0; i < 5; i++) {
            made.addFirst(jobs.submit(submission(null, null, Map.of("n", "" + i)))
                    .job()
                    .id());
        }
        List<UUID> seen = new ArrayList<>();
        String cursor = null;
        do {
            JobPage page = jobs.list(owner.tenant(), JobFilter.ALL, cursor, 2);
            page.jobs().forEach(job -> seen.add(job.id()));
            cursor = page.next();
        } while (cursor != null);

        assertThat(seen).isEqualTo(made);
        assertThat(jobs.list(owner.tenant(), new JobFilter(null, Map.of("n", "3")), null, 9)
                        .jobs())
                .hasSize(1);
        assertThat(jobs.list(owner.tenant(), new JobFilter(JobState.FAILED, Map.of()), null, 9)
                        .jobs())
                .isEmpty();
        assertThatThrownBy(() -> jobs.list(owner.tenant(), JobFilter.ALL, "x", 2))
                .hasMessage("cursor: x (expected: one that a page returned)");
    }

    @Test
    void writesTheWishToCancelOnlyToAnUnfinishedJob() {
        Job job = jobs.submit(submission(null, null, Map.of())).job();

        assertThat(jobs.cancel(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.find(job.id())).get().returns(Desired.CANCEL, Job::desired);
        assertThat(jobs.unfinished()).extracting(Job::id).contains(job.id());

        steps.project(job.id(), Step.of(1, 1, JobState.CANCELLED, null));
        assertThat(jobs.cancel(owner.tenant(), job.id())).isFalse();
        assertThat(jobs.unfinished()).extracting(Job::id).doesNotContain(job.id());
    }

    @Test
    void aWishIsWrittenAndToldOnceAndACancelStands() {
        Job job = jobs.submit(submission(null, null, Map.of())).job();

        assertThat(jobs.resume(owner.tenant(), job.id()))
                .as("nothing to resume")
                .isTrue();
        assertThat(jobs.pause(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.pause(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.find(job.id())).get().returns(Desired.PAUSE, Job::desired);
        assertThat(jobs.retry(owner.tenant(), job.id())).isFalse();
        assertThat(jobs.pause("another", job.id())).isFalse();
        assertThat(messages(job)).containsExactly("pause asked for");

        assertThat(jobs.cancel(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.pause(owner.tenant(), job.id())).isFalse();
        assertThat(jobs.resume(owner.tenant(), job.id())).isFalse();
        assertThat(jobs.find(job.id())).get().returns(Desired.CANCEL, Job::desired);
    }

    @Test
    void aPausedJobGoesOnInItsNextGeneration() {
        Job job = jobs.submit(submission(null, null, Map.of())).job();
        steps.project(job.id(), Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        steps.computing(job.id(), 1);
        jobs.pause(owner.tenant(), job.id());
        steps.project(job.id(), Step.of(1, 2, JobState.PAUSED, null));
        assertThat(steps.resume(job.id(), 1)).as("not asked for").isFalse();

        jobs.resume(owner.tenant(), job.id());

        assertThat(steps.resume(job.id(), 2)).as("another generation").isFalse();
        assertThat(steps.resume(job.id(), 1)).isTrue();
        assertThat(steps.resume(job.id(), 1)).as("twice").isFalse();
        Job resumed = jobs.find(job.id()).orElseThrow();
        assertThat(resumed)
                .returns(JobState.QUEUED, Job::state)
                .returns(2, row -> row.run().generation())
                .returns(0, row -> row.run().idleGenerations())
                .returns(false, row -> row.run().started());
        assertThat(resumed.run().pendingSince()).isAfter(resumed.times().createdAt());
        assertThat(steps.project(job.id(), Step.of(1, 9, JobState.RUNNING, null)))
                .as("a step of the paused generation")
                .isFalse();
        assertThat(steps.project(job.id(), Step.running(2, 1))).isTrue();
    }

    @Test
    void aRetriedJobIsQueuedAgainWithItsOutput() {
        Job job = jobs.submit(submission("again", null, Map.of())).job();
        steps.project(job.id(), Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        steps.project(job.id(), Step.of(1, 2, JobState.FAILED, null).failedWith("disk-budget", "full"));
        assertThat(jobs.pause(owner.tenant(), job.id())).isFalse();

        assertThat(jobs.retry(owner.tenant(), job.id())).isTrue();
        assertThat(jobs.retry(owner.tenant(), job.id())).as("again").isTrue();

        assertThat(jobs.find(job.id()).orElseThrow())
                .returns(JobState.QUEUED, Job::state)
                .returns(null, Job::stage)
                .returns(2, row -> row.run().generation())
                .returns(null, row -> row.remarks().failure())
                .returns(null, row -> row.times().finishedAt());
        assertThat(jobs.claimed(owner.tenant(), "again")).isTrue();
        assertThat(jobs.unfinished()).extracting(Job::id).contains(job.id());
    }

    @Test
    void aJobWhoseOutputWasTakenSinceCannotBeRetried() {
        Job job = jobs.submit(submission("lost", null, Map.of())).job();
        steps.project(job.id(), Step.of(1, 1, JobState.FAILED, null).failedWith("internal", "broken"));
        jobs.submit(submission("lost", null, Map.of()));

        assertThatThrownBy(() -> jobs.retry(owner.tenant(), job.id()))
                .hasMessage("outputs[0].prefix: lost (expected: one that no job and no other output holds)");
        assertThat(jobs.find(job.id())).get().returns(JobState.FAILED, Job::state);
    }

    @Test
    void onlyTimeInWhichAJobRanCountsAsItsRuntime() {
        Job job = jobs.submit(submission(null, null, Map.of())).job();
        assertThat(job.run().ranSeconds()).isZero();
        steps.project(job.id(), Step.running(1, 1));
        database.client()
                .sql("UPDATE job SET running_since = now() - interval '100 s' WHERE id = :id")
                .param("id", job.id())
                .update();
        steps.project(job.id(), Step.of(1, 2, JobState.PAUSED, null));
        double ran = jobs.find(job.id()).orElseThrow().run().ranSeconds();

        assertThat(ran).isBetween(100.0, 160.0);
        assertThat(jobs.find(job.id()).orElseThrow().run().ranSeconds())
                .as("paused")
                .isEqualTo(ran);
        steps.project(job.id(), Step.running(1, 3));
        assertThat(jobs.find(job.id()).orElseThrow().run().ranSeconds()).isGreaterThanOrEqualTo(ran);
    }

    private List<Object> messages(Job job) {
        return new EventRepository(database.client())
                .after(job.id(), 0, 99).stream()
                        .map(event -> event.data().get("message"))
                        .toList();
    }

    @Test
    void approvesOnlyAQuarantinedResult() {
        Job job = jobs.submit(submission(null, null, Map.of())).job();
        assertThat(jobs.approve(owner, job.id(), null)).isFalse();

        steps.project(job.id(), Step.running(1, 1));
        steps.project(job.id(), Step.of(1, 2, JobState.QUARANTINED, Stage.PUBLISH));

        assertThat(jobs.approve(owner, job.id(), "good enough")).isTrue();
        assertThat(jobs.approve(owner, job.id(), "again")).as("repeatable").isTrue();
        assertThat(jobs.find(job.id()))
                .get()
                .returns("good enough", found -> found.remarks().approval().reason());
        assertThat(jobs.approved()).extracting(Job::id).contains(job.id());
    }

    private static Submission.Output output(@Nullable String prefix, String recipe) {
        return new Submission.Output(prefix, null, recipe, "{\"" + recipe + "\":1}");
    }

    private Submission submission(List<Submission.Output> outputs) {
        return new Submission(owner, null, "/m", null, outputs, "{}", Map.of(), false, null, null, null);
    }

    private boolean accepted(Submission submission) {
        try {
            return jobs.submit(submission).created();
        } catch (QuernException e) {
            assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_TAKEN);
            return false;
        }
    }

    private Submission to(String uri) {
        JobRequest.Placement placement = new JobRequest.Placement("gpu", 4);
        JobRequest.Limits limits = new JobRequest.Limits(60, null);
        return new Submission(
                owner,
                null,
                "/m",
                null,
                List.of(new Submission.Output(null, uri, "gptq-w4a16", "{}")),
                "{}",
                Map.of(),
                false,
                null,
                placement,
                limits);
    }

    private Submission submission(
            @Nullable String prefix, Submission.@Nullable Idempotency idempotency, Map<String, String> labels) {
        return new Submission(owner, "name", "/models/m", prefix, "gptq-w4a16", "{}", "{}", labels, false, idempotency);
    }
}
