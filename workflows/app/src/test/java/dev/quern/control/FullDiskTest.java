package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.job.JobState;
import dev.quern.testing.Await;
import dev.quern.testing.Table;
import dev.quern.testing.TestBackends;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.springframework.dao.DataAccessException;
import org.springframework.jdbc.core.simple.JdbcClient;

/**
 * Jobs while the disk under the store, under the control process's scratch or under PostgreSQL is full, and once there
 * is room.
 */
@Tag("slow")
@Timeout(900)
class FullDiskTest {
    private static final Duration LIMIT = Duration.ofMinutes(5);
    private static final String RECIPE = "gptq-w4a16";
    private static final JobRequest REQUEST = ServiceHarness.request(32, 4, null);
    private static final int ROOM = 512 << 10;
    private static final Table TABLE = new Table("full-disks", "disk", "outcome", "seconds", "blocks", "output digest");

    @TempDir
    static Path folder;

    private static String digest;

    @BeforeAll
    static void start() throws IOException {
        assumeTrue(SmallDisk.mount(folder.resolve("probe"), 64), "only root can mount a disk that processes share");
        SmallDisk.unmount(folder.resolve("probe"));
        try (ServiceHarness service = new ServiceHarness().start()) {
            service.startWorker();
            digest = String.valueOf(expect(service, "none", JobState.COMPLETED, service.submit(REQUEST, RECIPE))
                    .outputs()
                    .getFirst()
                    .digest());
        }
    }

    @AfterAll
    static void stop() throws IOException {
        TABLE.write();
    }

    @ParameterizedTest
    @ValueSource(ints = {64, 512, 1536, 2560, 3584})
    void underTheStore(int kilobytes) throws Exception {
        endsUntilThereIsRoom("store", kilobytes);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 512, 1024})
    void underTheScratchOfTheControlProcess(int kilobytes) throws Exception {
        endsUntilThereIsRoom("scratch/control", kilobytes);
    }

    private static void endsUntilThereIsRoom(String part, int kilobytes) throws Exception {
        String what = part + " of " + kilobytes + " KB";
        try (ServiceHarness service =
                new ServiceHarness().withDisk(part, kilobytes).start()) {
            service.startWorker();
            Job failed = expect(service, what, JobState.FAILED, service.submit(REQUEST, RECIPE));
            assertThat(Objects.requireNonNull(failed.remarks().failure()).code())
                    .isEqualTo("disk-budget");
            assertThat(failed.remarks().failure().message())
                    .contains(service.folder().resolve(part).toString(), "(expected: ", "retry");
            List<Entry> kept = blocks(service);

            SmallDisk.resize(service.folder().resolve(part), ROOM);
            assertThat(service.rows().jobs().retry(failed.tenant(), failed.id()))
                    .isTrue();

            Job end = expect(service, what + ", made larger, then retry", JobState.COMPLETED, failed);
            assertThat(end.outputs().getFirst().digest()).isEqualTo(digest);
            assertThat(blocks(service)).containsAll(kept);
        }
    }

    /**
     * No row can be written, so nothing is decided: the job waits. A server that has no room for its log ends, and not
     * even comes up again: its owner starts it once it can.
     */
    @Test
    void underPostgres() throws Exception {
        assumeFalse(TestBackends.external(), "its own server");
        try (ServiceHarness service = new ServiceHarness().withDisk("pg", ROOM).start()) {
            service.startWorker();
            Path disk = service.folder().resolve("pg");
            Job job = service.submit(REQUEST, RECIPE);
            service.await(job.id(), LIMIT, now -> now.stage() != null);
            SmallDisk.fill(disk, 0);
            JdbcClient rows = service.bean(JdbcClient.class);
            assertThatThrownBy(() -> rows.sql("CREATE TABLE more AS SELECT generate_series(1, 1000000)")
                            .update())
                    .hasMessageContaining("No space left");
            // An error may come before the one that ends the server.
            Await.within(LIMIT, "the end of the server").until(() -> isGone(rows));
            assertThatThrownBy(service::startPostgresAgain).hasMessageContaining("No space left");

            Files.delete(disk.resolve("ballast"));
            service.startPostgresAgain();
            Await.within(LIMIT, "the end of " + job.id())
                    .ignoreExceptions()
                    .until(() -> service.find(job.id()).state().terminal());

            Job end = expect(service, "pg of no room at all, then made larger", JobState.COMPLETED, job);
            assertThat(end.outputs().getFirst().digest()).isEqualTo(digest);
        }
    }

    /** Asks for another file of the log; there may be some in reserve. */
    private static boolean isGone(JdbcClient rows) {
        try {
            rows.sql("SELECT pg_switch_wal(), pg_logical_emit_message(true, 'test', 'x')")
                    .query((row, index) -> row)
                    .list();
            return false;
        } catch (DataAccessException e) {
            return !String.valueOf(e.getMessage()).contains("No space left");
        }
    }

    private static Job expect(ServiceHarness service, String what, JobState state, Job job) {
        long begin = System.nanoTime();
        Job end = service.awaitEnd(job.id(), LIMIT);
        TABLE.add(
                what,
                end.remarks().failure() == null
                        ? end.state()
                        : end.state() + " " + end.remarks().failure(),
                "%.0f".formatted((System.nanoTime() - begin) / 1e9),
                blocks(service).size(),
                String.valueOf(end.outputs().getFirst().digest()));
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(state);
        return end;
    }

    private static List<Entry> blocks(ServiceHarness service) {
        return new BlockProbe(service, LIMIT).blocks();
    }
}
