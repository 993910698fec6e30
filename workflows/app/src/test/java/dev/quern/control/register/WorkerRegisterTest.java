package dev.quern.control.register;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.control.ServiceHarness;
import dev.quern.jobs.Job;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.recipes.view.WorkerView;
import dev.quern.testing.Await;
import java.time.Duration;
import java.util.List;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.condition.DisabledIfSystemProperty;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.springframework.jdbc.core.simple.JdbcClient;

/** Workers come to the list by themselves, say what they do, and leave it whichever way they end. */
@Timeout(400)
class WorkerRegisterTest {
    /** A dead worker's heartbeat is waited for half as long. */
    private static final Duration LIMIT = Duration.ofMinutes(1);

    @RegisterExtension
    final ServiceHarness service = new ServiceHarness();

    @Test
    void aWorkerIsListedWithoutWorkAndSaysWhatItDoes() throws Exception {
        service.startWorker();

        WorkerView idle = await(all -> all.size() == 1).getFirst();
        assertThat(idle)
                .returns("cpu", WorkerView::workerClass)
                .returns(false, WorkerView::busy)
                .returns(null, WorkerView::doing)
                .matches(worker -> worker.name().startsWith("cpu-"))
                .matches(worker -> worker.device().threads() > 0
                        && worker.device().memoryBytes() > 0
                        && !worker.device().profile().isEmpty());

        Job job = service.submit(ServiceHarness.request(1024, 4, null), "gptq-w4a16");
        WorkerView busy =
                await(all -> all.size() == 1 && all.getFirst().doing() != null).getFirst();
        assertThat(busy.doing().job()).isEqualTo(job.id().toString());
        assertThat(busy.doing().what()).matches("(compression of blocks|statistics of block|evaluation of text) .*");

        service.rows().jobs().cancel(job.tenant(), job.id());
        await(all -> all.size() == 1 && !all.getFirst().busy());
    }

    @Test
    void aWorkerThatIsKilledLeavesTheList() throws Exception {
        Process killed = service.startWorkerProcess("killed");
        service.startWorker();
        await(all -> all.size() == 2);

        killed.destroyForcibly().waitFor();

        String name = await(all -> all.size() == 1).getFirst().name();
        assertThat(name).doesNotContain("-" + killed.pid() + "-");
    }

    @Test
    @DisabledIfSystemProperty(
            named = "quern.backends",
            matches = "external",
            disabledReason = "a real server forgets nothing")
    void aWorkerThatTemporalHasForgottenComesBack() throws Exception {
        service.startWorker();
        WorkerView before = await(all -> all.size() == 1).getFirst();

        service.loseTemporal();

        WorkerView after = await(
                        all -> all.size() == 1 && all.getFirst().lastSeen().isAfter(before.lastSeen()))
                .getFirst();
        assertThat(after.name()).isEqualTo(before.name());
    }

    private List<WorkerView> await(Predicate<List<WorkerView>> condition) {
        WorkerRepository workers = new WorkerRepository(service.bean(JdbcClient.class));
        return Await.within(LIMIT, "workers").until(() -> workers.list("default"), condition);
    }
}
