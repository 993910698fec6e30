package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.LinearView;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class BoardRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();
    private final JobRepository jobs = new JobRepository(database.client(), database.transactions());
    private final BoardRepository board = new BoardRepository(database.client(), database.transactions());
    private final EventRepository events = new EventRepository(database.client());
    private final UUID id = jobs.submit(new Submission(
                    new Principal("t" + UUID.randomUUID(), "tester", Set.of(Scope.SUBMIT)),
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

    @Test
    void isLaidOutInTheOrderOfThePlanAndFillsCellByCell() {
        board.layOut(id, 2, List.of("self_attn.q_proj", "mlp.down_proj"));
        board.layOut(id, 2, List.of("self_attn.q_proj", "mlp.down_proj"));

        assertThat(board.put(id, done(1, "mlp.down_proj", 0.01))).isTrue();

        LinearView.Board now = board.find(id);
        assertThat(now.blocks()).isEqualTo(2);
        assertThat(now.names()).containsExactly("self_attn.q_proj", "mlp.down_proj");
        assertThat(now.linears())
                .extracting(LinearView::state)
                .containsExactly(CellState.QUEUED, CellState.QUEUED, CellState.QUEUED, CellState.DONE);
        assertThat(jobs.find(id).orElseThrow().progress())
                .returns(1, p -> p.linearsDone())
                .returns(4, p -> p.linears())
                .returns(0, p -> p.blocksDone());

        board.put(id, done(1, "self_attn.q_proj", 0.02));
        assertThat(jobs.find(id).orElseThrow().progress().blocksDone()).isEqualTo(1);
    }

    @Test
    void keepsAnErrorThatIsNotFinite() {
        board.layOut(id, 1, List.of("mlp.down_proj"));

        board.put(id, done(0, "mlp.down_proj", Double.POSITIVE_INFINITY));

        assertThat(board.find(id).linears())
                .singleElement()
                .satisfies(cell -> assertThat(cell.relativeError()).isNaN());
        assertThat(events.after(id, 0, 100).getLast().data()).containsEntry("relativeError", "not finite");
    }

    @Test
    void hasNoCellWhereABlockHasNoSuchLinear() {
        board.layOut(id, List.of(List.of("q", "down"), List.of("q", "router", "expert"), List.of("down")), List.of(0));

        LinearView.Board laidOut = board.find(id);
        assertThat(laidOut.names()).containsExactly("q", "down", "router", "expert");
        assertThat(laidOut.linears())
                .extracting(cell -> cell.block() + " " + cell.linear())
                .containsExactly("0 q", "0 down", "1 q", "1 router", "1 expert", "2 down");
        assertThat(jobs.find(id).orElseThrow().progress().linears()).isEqualTo(6);
    }

    @Test
    void knowsTheSegmentOfABlockAndWhoHasIt() {
        board.layOut(id, Collections.nCopies(5, List.of("q")), List.of(0, 2, 4));
        board.worker(id, 1, "cpu-1");
        board.worker(id, 1, "cpu-2");
        board.worker(id, 9, "nowhere");

        assertThat(board.find(id).walk())
                .containsExactly(
                        new LinearView.Block(0, 0, null),
                        new LinearView.Block(1, 0, "cpu-2"),
                        new LinearView.Block(2, 1, null),
                        new LinearView.Block(3, 1, null),
                        new LinearView.Block(4, 2, null));

        board.layOut(id, Collections.nCopies(5, List.of("q")), List.of(0));
        assertThat(board.find(id).walk()).extracting(LinearView.Block::segment).containsOnly(0);
        assertThat(board.find(id).walk().get(1).worker()).as("kept").isEqualTo("cpu-2");
    }

    @Test
    void tellsOfACellOnceHoweverOftenTheHeartbeatBringsIt() {
        board.layOut(id, 1, List.of("q"));

        board.put(id, done(0, "q", 0.01));
        board.put(id, done(0, "q", 0.01));

        assertThat(events.after(id, 0, 9)).extracting(JobEvent::type).containsExactly("linear");
        assertThat(events.after(id, 0, 9).getFirst().data())
                .containsEntry("linear", "q")
                .containsEntry("relativeError", 0.01);
    }

    @Test
    void progressNeverGoesBack() {
        new StepRepository(database.client(), database.transactions())
                .project(id, Step.of(1, 1, JobState.RUNNING, Stage.COMPRESS));
        board.progress(id, new BoardRepository.Progress(Stage.COMPRESS, 3, 0, 40));
        board.progress(id, new BoardRepository.Progress(Stage.COMPRESS, 1, 1, 10));

        assertThat(jobs.find(id).orElseThrow().progress())
                .returns(40.0, p -> p.percent())
                .returns(1, p -> p.reusedBlocks());
    }

    private static LinearView done(int block, String name, double error) {
        return new LinearView(
                block, name, CellState.DONE, 8, 8, new LinearFigures(error, 2 * error, 0.01, 0, null, 0, 0.9), 1.5);
    }
}
