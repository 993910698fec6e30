package dev.quern.control.job;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.Keys;
import dev.quern.contract.JobRef;
import dev.quern.contract.plan.EvaluatedResult;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PinnedSource;
import dev.quern.contract.plan.PlanRef;
import dev.quern.engine.text.TokenWindows;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.JobRepository;
import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Objects;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What activities need of a job: its row, read once, and its documents in the store. */
public record JobContexts(JobRepository jobs, ArtifactStore store) {
    /**
     * A job as its owner asked for it.
     *
     * @param recipes one for each output; none where a finished result is evaluated
     */
    public record JobContext(Job row, JobRequest request, List<Recipe> recipes, Keys keys) {
        public String id() {
            return row.id().toString();
        }

        /** The class of the workers that may take it; null is any. */
        @Nullable
        public String workerClass() {
            JobRequest.Placement placement = request.placement();
            return placement == null ? null : placement.workerClass();
        }

        /** How many segments its owner wants; null leaves it to the planner. */
        @Nullable
        public Integer segments() {
            JobRequest.Placement placement = request.placement();
            return placement == null ? null : placement.segments();
        }

        /** The format of an output, as requests name it. */
        public String format(int output) {
            return request.outputs().isEmpty()
                    ? Formats.COMPRESSED_TENSORS
                    : request.outputs().get(output).format();
        }

        /** Whether it evaluates a finished result instead of making one. */
        public boolean evaluates() {
            return request.result() != null;
        }

        /**
         * Whether workers of one numeric profile must do it: one output that asks for it asks for all, and an
         * evaluation always does.
         */
        public boolean reproducible() {
            return evaluates() || recipes.stream().anyMatch(Recipe::reproducible);
        }
    }

    public JobContext of(JobRef ref) {
        Job row = jobs.find(UUID.fromString(ref.id()))
                .orElseThrow(() -> new QuernException(ErrorCode.NOT_FOUND, "job: " + ref.id() + " (expected: a row)"));
        return of(row);
    }

    public JobContext of(Job row) {
        return new JobContext(
                row,
                RecordCodec.read(Json.parse(row.request().json()), JobRequest.class),
                row.outputs().stream()
                        .map(JobOutput::recipe)
                        .filter(Objects::nonNull)
                        .map(recipe -> RecordCodec.read(Json.parse(recipe), Recipe.class))
                        .toList(),
                Keys.of(row.tenant()));
    }

    /** Stores a plan under its digest. */
    public String store(JobContext job, JobPlan plan) {
        return store(job, "plan-", plan);
    }

    /** Stores what a source consists of under its digest. */
    public String store(JobContext job, PinnedSource source) {
        return store(job, "source-", source);
    }

    /** Stores what is known of a finished result under its digest. */
    public String store(JobContext job, EvaluatedResult result) {
        return store(job, "result-", result);
    }

    /** What {@link #store(JobContext, EvaluatedResult)} stored; null for no key. */
    public @Nullable EvaluatedResult result(@Nullable String key) {
        return key == null ? null : RecordCodec.read(Json.parse(read(key)), EvaluatedResult.class);
    }

    private String store(JobContext job, String kind, Record document) {
        byte[] json = Json.write(RecordCodec.write(document)).getBytes(StandardCharsets.UTF_8);
        String key = job.keys().document(job.id(), kind + Digests.sha256(json) + ".json");
        create(key, json);
        return key;
    }

    /** Stores windows under the digest of all that they hold, their source included. */
    public String store(JobContext job, TokenWindows windows) {
        byte[] bytes = windows.bytes();
        String key = job.keys().dataset(Digests.sha256(bytes));
        create(key, bytes);
        return key;
    }

    /** The profile of the job's first plan, which this one is if there was none. */
    public String pinProfile(JobContext job, String profile) {
        create(profileKey(job), profile.getBytes(StandardCharsets.UTF_8));
        return profile(job);
    }

    /** The numeric profile that the job's first plan was made for. */
    public String profile(JobContext job) {
        return new String(read(profileKey(job)), StandardCharsets.UTF_8);
    }

    private static String profileKey(JobContext job) {
        return job.keys().document(job.id(), "profile");
    }

    public JobPlan plan(PlanRef plan) {
        return Plans.parse(read(plan.document()));
    }

    public TokenWindows windows(String key) {
        return TokenWindows.of(read(key));
    }

    public byte[] read(String key) {
        try {
            return store.read(key);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void create(String key, byte[] content) {
        try {
            FailPoint.pass("document.before");
            store.create(key, content);
            FailPoint.pass("document.after");
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
