package dev.quern.jobs.installation;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.Step;
import dev.quern.jobs.StepRepository;
import dev.quern.jobs.Submission;
import dev.quern.jobs.TestDatabase;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.WorkerView;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class WorkerRepositoryTest {
    private static final WorkerView.Device CORES =
            new WorkerView.Device("cpu", "openblas", "9f86", 8, 1L << 33, null, 1.0, 1e9);
    private static final WorkerView.Device ACCELERATOR =
            new WorkerView.Device("cuda:0", "cuda", "d081", 4, 1L << 34, 1L << 33, 2.0, 1e10);

    private final TestDatabase database = TestDatabase.shared();
    private final JobRepository jobs = new JobRepository(database.client(), database.transactions());
    private final StepRepository steps = new StepRepository(database.client(), database.transactions());
    private final BoardRepository boards = new BoardRepository(database.client(), database.transactions());
    private final WorkerRepository workers = new WorkerRepository(database.client());
    private final String tenant = "t" + UUID.randomUUID();

    private final String first = "cpu-1-" + UUID.randomUUID();
    private final String second = "cpu-2-" + UUID.randomUUID();

    @BeforeEach
    void twoWorkersCome() {
        workers.register(new WorkerRepository.Arrival(first, "cpu", CORES));
        workers.register(new WorkerRepository.Arrival(second, "gpu", ACCELERATOR));
    }

    @Test
    void aWorkerWithoutWorkIsListedFromItsFirstMoment() {
        assertThat(listed(second))
                .returns("gpu", WorkerView::workerClass)
                .returns(ACCELERATOR, WorkerView::device)
                .returns(false, WorkerView::busy)
                .returns(null, WorkerView::doing)
                .returns(List.of(), WorkerView::working)
                .returns(0, WorkerView::blocks)
                .returns(null, WorkerView::lastDone)
                .matches(worker -> !worker.since().isAfter(worker.lastSeen()));
    }

    @Test
    void theSlowestMeasuredDeviceOfAClassIsFound() {
        String unmeasured = "cpu-3-" + UUID.randomUUID();
        workers.register(new WorkerRepository.Arrival(
                unmeasured, "old", new WorkerView.Device("cpu", "openblas", "9f86", 8, 1L << 33, null, null, null)));

        assertThat(workers.measured(null)).contains(CORES);
        assertThat(workers.measured("gpu")).contains(ACCELERATOR);
        assertThat(workers.measured("old")).isEmpty();
    }

    @Test
    void aWorkerThatIsSilentForAMinuteOrTakenOffTheListIsGone() {
        database.client()
                .sql("UPDATE worker SET last_seen = now() - interval '61 seconds' WHERE name = :name")
                .param("name", first)
                .update();
        assertThat(names()).doesNotContain(first).contains(second);

        workers.seen(first, null, null);
        assertThat(names()).contains(first);

        workers.remove(first);
        assertThat(names()).doesNotContain(first);
    }

    @Test
    void itsBlocksAreThoseItHasInWorkAndThoseItFinished() {
        UUID job = job();
        boards.layOut(job, 3, List.of("q_proj"));
        boards.worker(job, 0, first);
        boards.worker(job, 1, first);
        boards.worker(job, 2, second);
        boards.put(job, done(0));

        assertThat(listed(first))
                .returns(List.of(new WorkerView.Work(job.toString(), 1)), WorkerView::working)
                .returns(1, WorkerView::blocks)
                .matches(worker -> worker.lastDone() != null);
        assertThat(listed(second))
                .returns(List.of(new WorkerView.Work(job.toString(), 2)), WorkerView::working)
                .returns(0, WorkerView::blocks)
                .matches(worker -> worker.lastDone() == null);
    }

    @Test
    void nobodyWorksOnAJobAtItsEndAndAfterADayItIsForgotten() {
        UUID job = job();
        boards.layOut(job, 1, List.of("q_proj"));
        boards.worker(job, 0, first);
        boards.put(job, done(0));
        steps.project(job, Step.of(1, 2, JobState.FAILED, null));

        assertThat(listed(first)).returns(List.of(), WorkerView::working).returns(1, WorkerView::blocks);

        database.client()
                .sql("UPDATE job SET finished_at = now() - interval '25 hours' WHERE id = :id")
                .param("id", job)
                .update();
        assertThat(listed(first)).returns(0, WorkerView::blocks);
    }

    @Test
    void aTenantSeesItsOwnJobsOnly() {
        UUID job = job();
        boards.layOut(job, 1, List.of("q_proj"));
        boards.worker(job, 0, first);
        workers.seen(first, "compression of blocks 0 to 0", job);

        assertThat(listed(first))
                .returns(new WorkerView.Doing(job.toString(), "compression of blocks 0 to 0"), WorkerView::doing)
                .returns(true, WorkerView::busy);
        assertThat(workers.list("another"))
                .filteredOn(worker -> worker.name().equals(first))
                .singleElement()
                .returns(null, WorkerView::doing)
                .returns(true, WorkerView::busy)
                .returns(List.of(), WorkerView::working);
    }

    private List<String> names() {
        return workers.list(tenant).stream().map(WorkerView::name).toList();
    }

    private WorkerView listed(String name) {
        return workers.list(tenant).stream()
                .filter(worker -> worker.name().equals(name))
                .findFirst()
                .orElseThrow();
    }

    private UUID job() {
        UUID id = jobs.submit(new Submission(
                        new Principal(tenant, "tester", Set.of(Scope.SUBMIT)),
                        null,
                        "/models/m",
                        null,
                        "gptq-w4a16",
                        "{}",
                        "{}",
                        Map.of(),
                        false,
                        null))
                .job()
                .id();
        steps.project(id, Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        return id;
    }

    private static LinearView done(int block) {
        return new LinearView(
                block, "q_proj", CellState.DONE, 4, 4, new LinearFigures(0.1, 0.2, 0.01, 0, null, 0, 0.9), 1.0);
    }
}
