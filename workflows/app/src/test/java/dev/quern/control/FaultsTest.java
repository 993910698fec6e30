package dev.quern.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.s3.FaultyProxy;
import dev.quern.artifacts.s3.FaultyProxy.Fault;
import dev.quern.artifacts.s3.S3Bucket;
import dev.quern.artifacts.s3.S3ProxyServer;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.jobs.Job;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.job.JobState;
import dev.quern.testing.Await;
import dev.quern.testing.Table;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Jobs whose source and store are in S3, while S3, the way to PostgreSQL or a disk fails: they end as they would have,
 * or say why not and what to do, keep what they made, and end when they are tried again.
 */
@Tag("slow")
@Timeout(1800)
class FaultsTest {
    private static final Duration LIMIT = Duration.ofMinutes(12);
    private static final String RECIPE = "gptq-w4a16";
    private static final String PLACE = "s3://" + S3ProxyServer.BUCKET;
    private static final JobRequest REQUEST =
            ServiceHarness.request(JobRequest.Source.objects(PLACE + "/models/tiny"), List.of(), 32, 4, null);
    private static final double SHARE = 0.05;
    /** KB, for all that a worker needs. */
    private static final int ROOM = 256 * 1024;

    private static final long SEED = 4;
    private static final Table TABLE = new Table("faults", "fault", "outcome", "seconds", "requests", "output digest");

    @TempDir
    static Path folder;

    private static S3ProxyServer s3;
    private static FaultyProxy objects;
    private static FaultyWire rows;
    private static ServiceHarness service;
    private static String digest;

    @BeforeAll
    static void start() throws Exception {
        s3 = new S3ProxyServer();
        objects = new FaultyProxy(s3.port());
        Map<String, String> settings = new HashMap<>(s3.environment());
        settings.put("QUERN_S3_ENDPOINT", objects.endpoint());
        settings.put("quern.store", PLACE + "/faults");
        settings.put("quern.sources", PLACE + "/models");
        upload(new Buckets(settings).open(PLACE + "/models/tiny"));
        service = new ServiceHarness(settings, FaultsTest::throughWire).start();
        service.startWorker();
        Job undisturbed = expect(JobState.COMPLETED, "none", service.submit("undisturbed", REQUEST, RECIPE));
        digest = String.valueOf(undisturbed.outputs().getFirst().digest());
    }

    private static void upload(S3Bucket target) throws IOException {
        try (Stream<Path> files = Files.list(ServiceHarness.MODEL)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                try (InputStream content = Files.newInputStream(file)) {
                    target.create(file.getFileName().toString(), content);
                }
            }
        }
    }

    private static String throughWire(String url) {
        int port = URI.create(url.substring("jdbc:".length())).getPort();
        try {
            rows = new FaultyWire(port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return url.replace(":" + port + "/", ":" + rows.port() + "/");
    }

    @AfterAll
    static void stop() throws Exception {
        TABLE.write();
        service.close();
        rows.close();
        objects.close();
        s3.close();
    }

    @BeforeEach
    void heal() {
        objects.spoil((request, method, path) -> Fault.NONE);
        rows.delay(Duration.ZERO);
    }

    /** Five of 100 requests fail in this way: only the log shows it. */
    @ParameterizedTest
    @EnumSource(names = {"REFUSED", "BROKEN", "ANSWER_LOST", "TRUNCATED"})
    void aStoreThatSometimesFailsIsAskedAgain(Fault fault) throws Exception {
        SplittableRandom random = new SplittableRandom(SEED);
        objects.spoil((request, method, path) -> {
            synchronized (random) {
                return random.nextDouble() < SHARE ? fault : Fault.NONE;
            }
        });

        expectUndisturbed("S3: 5 % " + fault, service.submit("often-" + name(fault), REQUEST, RECIPE));
    }

    @Test
    void aStoreThatIsTwoSecondsLateOnlyTakesTime() throws Exception {
        objects.spoil((request, method, path) -> Fault.LATE);

        expectUndisturbed("S3: 2 s late", service.submit("late-objects", REQUEST, RECIPE));
    }

    @Test
    void aDatabaseThatIsTwoSecondsLateOnlyTakesTime() throws Exception {
        rows.delay(Duration.ofSeconds(2));

        expectUndisturbed("PostgreSQL: 2 s late", service.submit("late-rows", REQUEST, RECIPE));
    }

    /**
     * For the job's first ten seconds none lasts longer than a moment. The seconds in the table are those after these.
     */
    @Test
    void connectionsToTheDatabaseBreakAllTheTime() throws Exception {
        Job job = service.submit("resets", REQUEST, RECIPE);
        AtomicBoolean enough = new AtomicBoolean();
        Thread breaker = Thread.startVirtualThread(() -> {
            try {
                while (!enough.get()) {
                    Thread.sleep(700);
                    rows.reset();
                }
            } catch (InterruptedException e) {
                throw new IllegalStateException(e);
            }
        });
        Thread.sleep(10_000);
        enough.set(true);
        breaker.join();
        // Looks go the same way, over connections that are broken.
        Await.within(LIMIT, "the end of " + job.id())
                .ignoreExceptions()
                .until(() -> service.find(job.id()).state().terminal());

        expectUndisturbed("PostgreSQL: reset every 0.7 s for 10 s", job);
    }

    /** What is not there for good ends the job with a reason; tried again it ends well and makes nothing twice. */
    @ParameterizedTest
    @EnumSource(names = {"FULL", "AHEAD", "BEHIND"})
    void aStoreThatTakesNoMoreEndsTheJobUntilItIsTriedAgain(Fault fault) throws Exception {
        String tenant = "no-more-" + name(fault);
        AtomicBoolean begun = new AtomicBoolean();
        objects.spoil((request, method, path) -> {
            if (method.equals("PUT") && path.contains(tenant + "/artifacts/block-00002")) {
                begun.set(true);
            }
            // One that is full still reads.
            boolean struck = begun.get() && (fault != Fault.FULL || method.equals("PUT"));
            return struck ? fault : Fault.NONE;
        });
        String what =
                fault == Fault.FULL ? "S3: 507 from block 2 on" : "S3: clock 20 min " + fault + " from block 2 on";

        Job failed = expectFailed(what, service.submit(tenant, REQUEST, RECIPE));

        assertThat(Objects.requireNonNull(failed.remarks().failure()).code())
                .isEqualTo(fault == Fault.FULL ? "disk-budget" : "forbidden");
        assertThat(failed.remarks().failure().message()).contains(fault == Fault.FULL ? "room" : "clock");
        objects.spoil((request, method, path) -> Fault.NONE);
        expectFinishedByRetry(what, failed);
    }

    /** Room for this many KB in scratch: the copy of the source, the hidden states or the first block do not fit. */
    @ParameterizedTest
    @ValueSource(ints = {256, 1024, 3072})
    void aWorkerWithoutRoomEndsTheJobUntilItIsTriedAgain(int kilobytes) throws Exception {
        assumeSmallDisks();
        String name = "cramped-" + kilobytes;
        String what = "worker: scratch of " + kilobytes + " KB";
        JobRequest request = ServiceHarness.placed(REQUEST, new JobRequest.Placement(name, null), null);
        Process cramped =
                service.startWorkerProcess(SmallDisk.before(service.scratch(name), ROOM), name, "--class", name);
        service.awaitReady(cramped, name, LIMIT);
        // What the worker started from takes room as well.
        SmallDisk.fill(SmallDisk.seenBy(cramped, service.scratch(name)), kilobytes);

        Job failed = expectFailed(what, service.submit(name, request, RECIPE));

        assertThat(Objects.requireNonNull(failed.remarks().failure()).code()).isEqualTo("disk-budget");
        assertThat(failed.remarks().failure().message())
                .contains(service.scratch(name).toString());
        assertThat(cramped.isAlive()).isTrue();
        cramped.destroyForcibly().waitFor();
        service.startWorker("--class", name);
        expectFinishedByRetry(what, failed);
    }

    @Test
    void aWorkerWithoutRoomToStartSaysSo() throws Exception {
        assumeSmallDisks();
        Process cramped = service.startWorkerProcess(SmallDisk.before(service.scratch("none"), 256), "none");

        assertThat(cramped.waitFor()).isNotZero();
        assertThat(service.log("none"))
                .contains("native libraries cannot be unpacked into " + service.scratch("none"))
                .contains("(expected: room for them)");
    }

    private static void assumeSmallDisks() throws Exception {
        assumeTrue(
                SmallDisk.possible(folder.resolve("disk")),
                "no tmpfs can be mounted here, not even in a namespace of its own");
    }

    private static String name(Fault fault) {
        return fault.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    private static void expectUndisturbed(String what, Job job) {
        assertThat(expect(JobState.COMPLETED, what, job).outputs().getFirst().digest())
                .isEqualTo(digest);
    }

    private static Job expectFailed(String what, Job job) {
        Job failed = expect(JobState.FAILED, what, job);
        assertThat(Objects.requireNonNull(failed.remarks().failure()).message()).contains("(expected: ");
        return failed;
    }

    private static Job expect(JobState state, String what, Job job) {
        long begin = System.nanoTime();
        Job end = service.awaitEnd(job.id(), LIMIT);
        TABLE.add(
                what,
                end.remarks().failure() == null
                        ? end.state()
                        : end.state() + " " + end.remarks().failure(),
                "%.0f".formatted((System.nanoTime() - begin) / 1e9),
                objects.requests(),
                String.valueOf(end.outputs().getFirst().digest()));
        assertThat(end.state()).as("%s", end.remarks().failure()).isEqualTo(state);
        return end;
    }

    private static void expectFinishedByRetry(String what, Job failed) throws Exception {
        List<Entry> kept = blocks(failed.tenant());
        assertThat(service.rows().jobs().retry(failed.tenant(), failed.id())).isTrue();
        expectUndisturbed(what + ", mended, then retry: " + kept.size() + " blocks kept", failed);
        assertThat(blocks(failed.tenant())).containsAll(kept);
    }

    private static List<Entry> blocks(String tenant) throws IOException {
        return service.store().list("t/" + tenant + "/artifacts/block-");
    }
}
