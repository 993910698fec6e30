package dev.quern.recipes.view;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.Flat;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.ReasonCode;
import dev.quern.recipes.job.Stage;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * A job as GET /api/v1/jobs/{id} answers it.
 *
 * @param state where it stands
 * @param stage what a running job does; null before the first
 * @param desired what its owner wants
 * @param progress how far it is
 * @param outputs all of them, in the order of the request
 */
public record JobView(
        String id,
        @Nullable String name,
        JobState state,
        @Nullable Stage stage,
        Desired desired,
        @Flat Work work,
        @Flat Remarks remarks,
        Progress progress,
        @Flat Times times,
        List<Output> outputs,
        @Flat First first,
        @Flat Detail detail) {

    /**
     * What is to be done.
     *
     * @param model where the source is: a folder, a uri, or {@code upload:<id>}
     * @param result where the finished result is that the job evaluates; null for a compression
     * @param labels as the request has them
     */
    public record Work(
            String model,
            @Nullable String result,
            Map<String, String> labels,
            JobRequest.@Nullable Placement placement,
            JobRequest.@Nullable Limits limits) {}

    /**
     * What a person should know of how it stands.
     *
     * @param failure why it ended without a result; null where it has one
     * @param approval null where the gate alone decided
     */
    public record Remarks(
            @Nullable Reason reason,
            @Nullable Failure failure,
            @Nullable Approval approval) {
        /** Those that hold in a state: what was refused and then approved is no failure. */
        public Remarks of(JobState state) {
            return state == JobState.COMPLETED
                    ? new Remarks(reason, null, approval)
                    : new Remarks(reason, failure, null);
        }
    }

    /**
     * When things happened.
     *
     * @param startedAt when its work began for the first time; null while it is queued
     * @param finishedAt when its work was over, even if somebody approved the result later; null before that
     */
    public record Times(
            Instant createdAt,
            @Nullable Instant startedAt,
            Instant updatedAt,
            @Nullable Instant finishedAt) {}

    /**
     * The first output once more, for clients that know of one only. New clients read the list.
     *
     * @param recipe the name of the first output's recipe; {@code evaluation} for an evaluation
     * @param outputDigest of the first output; for an evaluation, the digest of the result that was evaluated
     * @param output where the first output is, null until it is published
     */
    public record First(
            String recipe,
            @Nullable String outputDigest,
            @Nullable String output) {}

    /**
     * What lists leave out.
     *
     * @param request as it was submitted; in the answer about one job, not in lists
     * @param texts that the request names, calibration first; in the answer about one job, not in lists
     */
    public record Detail(
            @Nullable JobRequest request, @Nullable List<Text> texts) {}

    /**
     * A text that the request names.
     *
     * @param use {@code calibration} or {@code evaluation}
     * @param name of its file
     * @param sha256 of its content; null where the server has not taken the file in
     */
    public record Text(String use, String name, @Nullable String sha256) {}

    /**
     * A result of the job.
     *
     * @param recipe its name; {@code evaluation} for an evaluation
     * @param prefix that it claims under the tenant's outputs
     * @param uri that it claims in place of that
     * @param location where it is: its place, or the quarantine; null until it is published
     * @param digest null until it is published
     * @param accepted by its gate or by a person; null until it is published
     * @param quality null until it is measured
     * @param parameters the recipe itself, in the answer about one job; null in lists, and for an evaluation
     */
    public record Output(
            String recipe,
            String prefix,
            @Nullable String uri,
            @Nullable String location,
            @Nullable String digest,
            @Nullable Boolean accepted,
            @Nullable Quality quality,
            @Nullable Recipe parameters) {}

    /**
     * The figures of an output's report that tell results apart: the worst of its evaluation texts, and its sizes.
     *
     * @param klMean mean KL divergence to the original, nats per token; null where it is not finite
     * @param pplRatio compressed over original perplexity; null where it is not finite
     * @param top1 share of tokens whose most probable next token is the original's, 0 to 1; null where nothing was
     *     evaluated
     * @param sourceBytes of the source's weights
     * @param outputBytes of the output's weights
     */
    public record Quality(
            @Nullable Double klMean,
            @Nullable Double pplRatio,
            @Nullable Double top1,
            long sourceBytes,
            long outputBytes) {
        /** As {@link #klMean}, but NaN where it is not finite; null where nothing was evaluated. */
        public @Nullable Double measuredKl() {
            return measured(klMean);
        }

        /** As {@link #pplRatio}, but NaN where it is not finite; null where nothing was evaluated. */
        public @Nullable Double measuredRatio() {
            return measured(pplRatio);
        }

        private @Nullable Double measured(@Nullable Double figure) {
            return figure == null && top1 != null ? Double.valueOf(Double.NaN) : figure;
        }
    }

    /**
     * How a result was accepted that its gate refused.
     *
     * @param by the name of the API key
     * @param reason in that person's words
     * @param refused what the gate had refused
     */
    public record Approval(
            Instant at,
            String by,
            @Nullable String reason,
            @Nullable String refused) {}

    /** Why a job is stalled. */
    public record Reason(
            ReasonCode code, Instant since, @Nullable String remedy) {}

    /**
     * Why a job ended without a result.
     *
     * @param code a slug of ErrorCode
     */
    public record Failure(String code, String message) {}

    /**
     * @param blocksDone blocks whose artifacts exist, of {@code blocks}
     * @param block the block in work, from 0; null where none is
     * @param reusedBlocks blocks of an earlier run that were not made again
     * @param percent of the whole job, 0 to 100
     * @param linearsPerMinute over the last minutes, null until known
     * @param etaSeconds about how long the work that is left takes, coarsely rounded; waiting is none of it. Null until
     *     known, and while the job waits
     */
    public record Progress(
            int blocksDone,
            int blocks,
            @Nullable Integer block,
            int linearsDone,
            int linears,
            int reusedBlocks,
            double percent,
            @Nullable Double linearsPerMinute,
            @Nullable Double etaSeconds) {}

    /**
     * GET /api/v1/jobs.
     *
     * @param next the cursor of the next page, null on the last
     */
    public record Page(List<JobView> jobs, @Nullable String next) {}
}
