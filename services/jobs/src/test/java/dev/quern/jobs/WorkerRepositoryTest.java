package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.view.LinearView;
import dev.quern.recipes.view.WorkerView;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class WorkerRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final JobRepository jobs = new JobRepository(database.client(), database.transactions());
    private final StepRepository steps = new StepRepository(database.client(), database.transactions());
    private final BoardRepository boards = new BoardRepository(database.client(), database.transactions());
    private final WorkerRepository workers = new WorkerRepository(database.client());
    private final String tenant = "t" + UUID.randomUUID();

    @Test
    void namesWhoHasBlocksAndWhatTheyHaveInWork() {
        UUID job = job();
        boards.layOut(job, 3, List.of("q_proj"));
        boards.worker(job, 0, "cpu-1");
        boards.worker(job, 1, "cpu-1");
        boards.worker(job, 2, "cpu-2");
        boards.put(job, done(0));

        List<WorkerView> found = workers.list(tenant);

        assertThat(found).extracting(WorkerView::name).containsExactly("cpu-2", "cpu-1");
        assertThat(found.getLast())
                .returns(List.of(new WorkerView.Work(job.toString(), 1)), WorkerView::working)
                .returns(1, WorkerView::blocks)
                .matches(worker -> worker.lastDone() != null);
        assertThat(found.getFirst())
                .returns(List.of(new WorkerView.Work(job.toString(), 2)), WorkerView::working)
                .returns(0, WorkerView::blocks)
                .matches(worker -> worker.lastDone() == null);
    }

    @Test
    void nobodyWorksOnAJobAtItsEndAndAfterADayItIsForgotten() {
        UUID job = job();
        boards.layOut(job, 1, List.of("q_proj"));
        boards.worker(job, 0, "cpu-1");
        steps.project(job, Step.of(1, 2, JobState.FAILED, null));

        assertThat(workers.list(tenant))
                .singleElement()
                .returns(List.of(), WorkerView::working)
                .returns(0, WorkerView::blocks);

        database.client()
                .sql("UPDATE job SET finished_at = now() - interval '25 hours' WHERE id = :id")
                .param("id", job)
                .update();
        assertThat(workers.list(tenant)).isEmpty();
    }

    @Test
    void aTenantSeesItsOwnJobsOnly() {
        UUID job = job();
        boards.layOut(job, 1, List.of("q_proj"));
        boards.worker(job, 0, "cpu-1");

        assertThat(workers.list("another")).isEmpty();
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
        return new LinearView(block, "q_proj", "DONE", 4, 4, new LinearFigures(0.1, 0.2, 0.01, 0, null, 0, 0.9), 1.0);
    }
}
