package dev.quern.api;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.Step;
import dev.quern.recipes.Gate;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.report.TimeLeft;
import dev.quern.recipes.view.LinearView;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/** Writes the rows of a job as control and projector do, block by block, at the pace of a test. */
final class SampleJob {
    static final List<String> LINEARS = List.of(
            "self_attn.q_proj",
            "self_attn.k_proj",
            "self_attn.v_proj",
            "self_attn.o_proj",
            "mlp.gate_proj",
            "mlp.up_proj",
            "mlp.down_proj");

    private final ApiServer server;
    private final Job job;
    private final int blocks;
    private final SplittableRandom random = new SplittableRandom(11);
    private int generation = 1;
    private long seq;

    SampleJob(ApiServer server, String name, int blocks) {
        this(server, server.job(name), blocks);
    }

    SampleJob(ApiServer server, Job job, int blocks) {
        this.server = server;
        this.job = job;
        this.blocks = blocks;
    }

    Job job() {
        return job;
    }

    void start() {
        step(JobState.RUNNING, Stage.INSPECT);
        step(JobState.RUNNING, Stage.PLAN);
        server.boards.layOut(job.id(), blocks, LINEARS);
        step(JobState.RUNNING, Stage.COMPRESS);
    }

    void stage(Stage stage) {
        step(JobState.RUNNING, stage);
    }

    /** Nobody is there who could take it. */
    void waits() {
        seq++;
        server.steps.project(
                job.id(),
                Step.of(1, seq, JobState.RUNNING, Stage.INSPECT)
                        .because(new Step.Reason(
                                ReasonCode.WAITING_FOR_WORKER,
                                "No worker of class cpu is there. Start one: quern worker")));
    }

    void fail(String code, String message) {
        seq++;
        server.steps.project(
                job.id(), Step.of(generation, seq, JobState.FAILED, null).failedWith(code, message));
    }

    void pause() {
        step(JobState.PAUSED, null);
    }

    /** As the reconciler does when the owner resumes it. */
    void goOn() {
        if (!server.steps.resume(job.id(), generation)) {
            throw new IllegalStateException("the owner has not asked for it");
        }
        generation++;
        seq = 0;
    }

    /** Three segments, each with a worker of its own, at different places. */
    void startSegments() {
        step(JobState.RUNNING, Stage.PLAN);
        server.boards.layOut(job.id(), Collections.nCopies(blocks, LINEARS), List.of(0, blocks / 3, 2 * blocks / 3));
        step(JobState.RUNNING, Stage.COMPRESS);
        for (int segment = 0; segment < 3; segment++) {
            for (int block = segment * blocks / 3; block <= segment * blocks / 3 + 4 - segment; block++) {
                server.boards.worker(job.id(), block, "cpu-" + (segment + 1) + "f3a9");
                block(block);
            }
        }
    }

    private void step(JobState state, @Nullable Stage stage) {
        seq++;
        server.steps.project(job.id(), Step.of(generation, seq, state, stage));
    }

    /** Finishes a whole block and begins the next. */
    void block(int block) {
        for (int i = 0; i < LINEARS.size(); i++) {
            linear(block, i);
        }
        if (block + 1 < blocks) {
            for (int i = 0; i < 3; i++) {
                server.boards.put(job.id(), cell(block + 1, i, CellState.RUNNING));
            }
        }
        double share = (block + 1.0) / blocks;
        server.boards.progress(job.id(), new BoardRepository.Progress(Stage.COMPRESS, block + 1, 0, 80 * share));
        server.boards.remaining(job.id(), Stage.COMPRESS, TimeLeft.rounded(37.0 * (blocks - block)));
    }

    void linear(int block, int index) {
        server.boards.put(job.id(), cell(block, index, CellState.DONE));
    }

    private LinearView cell(int block, int index, CellState state) {
        boolean done = state == CellState.DONE;
        double error = 0.006
                * Math.pow(4, (double) block / blocks)
                * (0.5 + 0.25 * index)
                * Math.exp(0.3 * random.nextGaussian());
        int retries = done && block % 9 == 4 && index == 5 ? 1 : 0;
        return new LinearView(
                block,
                LINEARS.get(index),
                state,
                4096,
                index == 6 ? 12288 : 4096,
                done
                        ? new LinearFigures(error, error * 1.47, 0.01 * Math.pow(10, retries), retries, null, 0, 0.93)
                        : null,
                done ? 2.3 : null);
    }

    /** Report, files, and the state that they end in. */
    void finish(boolean accepted) throws IOException {
        publish(0, accepted);
        end(accepted);
    }

    void end(boolean accepted) {
        if (accepted) {
            step(JobState.COMPLETED, Stage.PUBLISH);
            return;
        }
        seq++;
        server.steps.project(
                job.id(),
                Step.of(generation, seq, JobState.QUARANTINED, Stage.EVALUATE)
                        .failedWith("gate-failed", "wt2_test.txt: KL mean 0.00988 (expected: at most 0.005)"));
    }

    void publish(int output, boolean accepted) throws IOException {
        Report report = report(output, accepted);
        String json = Json.write(RecordCodec.write(report));
        server.reports.put(job.id(), output, json);
        ArtifactStore store = ArtifactStores.open(server.store().toUri().toString());
        Keys keys = Keys.of(job.tenant());
        Manifest manifest = new Manifest(
                Manifest.SCHEMA,
                report.model().outputDigest(),
                List.of(
                        new Manifest.File("model-00001-of-00002.safetensors", 4_900_000_000L, "ab".repeat(32)),
                        new Manifest.File("model-00002-of-00002.safetensors", 812_031_744L, "cd".repeat(32)),
                        new Manifest.File("config.json", 1_204, "ef".repeat(32))));
        String key = accepted
                ? keys.output(job.outputs().get(output).prefix(), Manifest.NAME)
                : keys.quarantined(job.id().toString(), output, Manifest.NAME);
        store.create(key, Json.write(RecordCodec.write(manifest)).getBytes(StandardCharsets.UTF_8));
        server.outputs.published(
                job.id(), output, key.replace(Manifest.NAME, ""), report.model().outputDigest(), accepted);
    }

    private Report report(int output, boolean accepted) {
        Map<String, Double> stages = new LinkedHashMap<>(Map.of(
                "INSPECT", 1.2, "PLAN", 0.4, "COMPRESS", 754.0, "ASSEMBLE", 9.1, "VERIFY", 4.2, "EVALUATE", 180.5));
        List<Report.Linear> linears = server.boards.find(job.id()).linears().stream()
                .filter(cell -> cell.state() == CellState.DONE)
                .map(SampleJob::linear)
                .toList();
        return new Report(
                new Report.Head(
                        Report.SCHEMA, job.id().toString(), job.request().name(), null),
                new Report.Model("Qwen3-8B", "3c".repeat(32), "9f".repeat(32), "qwen3", blocks, 8_190_735_360L),
                RecordCodec.read(
                        Json.parse(String.valueOf(job.outputs().get(output).recipe())), Recipe.class),
                new Report.Calibration(
                        "built-in",
                        128,
                        2048,
                        262_144,
                        "a1".repeat(32),
                        "Calibrated on built-in public-domain English. Text like your own gives a better result: --calibration FILE."),
                new Report.Plan(
                        4096,
                        1,
                        "b7".repeat(32),
                        "OpenBLAS 0.3.31 (Cooperlake), 512-bit vectors, 2 threads",
                        3_221_225_472L,
                        1_073_741_824L,
                        5_712_031_744L),
                linears,
                List.of(
                        new Report.Evaluation(
                                "wt2_test.txt",
                                38.292,
                                38.701,
                                0.00988,
                                0.0861,
                                0.9342,
                                32_704,
                                512,
                                "d0".repeat(32),
                                errors(1),
                                heldOut(linears)),
                        new Report.Evaluation(
                                "holdout.jsonl",
                                30.154,
                                30.402,
                                0.00847,
                                0.0712,
                                0.9411,
                                32_704,
                                512,
                                "d1".repeat(32),
                                errors(0.9),
                                null)),
                new Report.Sizes(16_381_470_720L, 5_712_031_744L, 6_946_816_000L, 4.156),
                new Report.Times(stages, Map.of()),
                new Report.Origin(Map.of("quern", "0.1.0", "java", "25.0.3"), List.of()),
                new Report.Verdict(
                        accepted,
                        new Gate(accepted ? 0.05 : 0.005, null, null),
                        accepted ? List.of() : List.of("wt2_test.txt: KL mean 0.00988 (expected: at most 0.005)")),
                output == 0 ? List.of("a note of all") : List.of("a note of all", "a note of one"));
    }

    /** Errors of the hidden states, to which one block adds much more than the others. */
    private List<Double> errors(double factor) {
        return IntStream.range(0, blocks)
                .mapToObj(block -> factor * (0.01 * Math.sqrt(block + 1) + (block < blocks / 2 ? 0 : 0.05)))
                .toList();
    }

    /** A tenth above the errors of calibration. */
    private static List<Report.LinearError> heldOut(List<Report.Linear> linears) {
        return linears.stream()
                .map(linear -> new Report.LinearError(
                        linear.name(), 1.21 * linear.figures().relativeError()))
                .toList();
    }

    private static Report.Linear linear(LinearView cell) {
        return new Report.Linear(
                cell.block(),
                "model.layers." + cell.block() + "." + cell.linear(),
                4096,
                4096,
                4,
                128,
                Objects.requireNonNull(cell.figures()),
                2.3);
    }
}
