package dev.quern.jobs;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobView;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A row of {@code job}.
 *
 * @param request the {@code JobRequest} as JSON
 * @param recipe the resolved {@code Recipe} of the first output as JSON; null for an evaluation
 * @param source the checkpoint, as {@code JobRequest.Source.location()} names it
 * @param result the finished result that is evaluated, as {@code JobRequest.Result.location()} names it; null for a compression
 * @param prefix the claimed name of the first output
 * @param desired what the owner wants, whatever the state
 * @param failure stays when the result is approved
 * @param approval by whom the result of a quarantined job was accepted; null where nobody did
 * @param generation of the workflow that serves it, from 1
 * @param seq of the last step of that generation; 0 before the first
 * @param started whether the workflow of this generation has been started
 * @param pendingSince since when no worker has taken it; null while it has one, and at its end
 * @param ranSeconds time in RUNNING and CANCELLING, pauses left out
 * @param output where the first output is; null until the job says so
 * @param outputs all of them, in order; at least one
 * @param lastEvent the id of the newest event; 0 where there is none
 */
public record Job(
        UUID id,
        String tenant,
        String principal,
        @Nullable String name,
        String source,
        @Nullable String result,
        String recipeName,
        String request,
        @Nullable String recipe,
        String prefix,
        Map<String, String> labels,
        boolean detach,
        JobState state,
        @Nullable Stage stage,
        Desired desired,
        JobView.@Nullable Reason reason,
        JobView.@Nullable Failure failure,
        JobView.@Nullable Approval approval,
        int generation,
        long seq,
        boolean started,
        int idleGenerations,
        JobRequest.@Nullable Placement placement,
        JobRequest.@Nullable Limits limits,
        @Nullable Instant pendingSince,
        double ranSeconds,
        JobView.Progress progress,
        @Nullable String output,
        @Nullable String outputDigest,
        List<JobOutput> outputs,
        long lastEvent,
        Instant createdAt,
        @Nullable Instant startedAt,
        Instant updatedAt,
        @Nullable Instant finishedAt) {
    public Job {
        labels = Map.copyOf(labels);
        outputs = List.copyOf(outputs);
    }

    /** As lists show it. */
    public JobView view() {
        return view(null);
    }

    /** With its request and recipes, and the texts that the request names. */
    public JobView full(List<JobView.Text> texts) {
        return view(texts);
    }

    private JobView view(@Nullable List<JobView.Text> texts) {
        boolean full = texts != null;
        return new JobView(
                id.toString(),
                name,
                state,
                stage,
                desired,
                reason,
                source,
                result,
                recipeName,
                progress,
                labels,
                createdAt,
                startedAt,
                updatedAt,
                finishedAt,
                state == JobState.COMPLETED ? null : failure,
                state == JobState.COMPLETED ? approval : null,
                outputDigest,
                output,
                placement,
                limits,
                outputs.stream().map(one -> one.view(full)).toList(),
                full ? RecordCodec.read(Json.parse(request), JobRequest.class) : null,
                texts);
    }
}
