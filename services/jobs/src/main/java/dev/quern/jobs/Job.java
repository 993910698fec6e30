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
 * @param desired what the owner wants, whatever the state
 * @param remarks its failure stays when the result is approved
 * @param outputs in the order of the request; at least one
 * @param lastEvent the id of the newest event; 0 where there is none
 */
public record Job(
        UUID id,
        String tenant,
        Request request,
        JobState state,
        @Nullable Stage stage,
        Desired desired,
        JobView.Remarks remarks,
        Run run,
        JobView.Progress progress,
        List<JobOutput> outputs,
        JobView.Times times,
        long lastEvent) {
    public Job {
        outputs = List.copyOf(outputs);
    }

    /**
     * What is to be done, and for whom.
     *
     * @param principal who submitted it
     * @param source the checkpoint, as {@code JobRequest.Source.location()} names it
     * @param result the finished result that is evaluated, as {@code JobRequest.Result.location()} names it; null for a
     *     compression
     * @param json the {@code JobRequest}
     */
    public record Request(
            String principal,
            @Nullable String name,
            String source,
            @Nullable String result,
            String json,
            Map<String, String> labels,
            boolean detach,
            JobRequest.@Nullable Placement placement,
            JobRequest.@Nullable Limits limits) {
        public Request {
            labels = Map.copyOf(labels);
        }
    }

    /**
     * The workflow that serves the job.
     *
     * @param generation from 1
     * @param seq of the last step of that generation; 0 before the first
     * @param started whether the workflow of this generation has been started
     * @param idleGenerations how many generations in a row were lost without anything new
     * @param pendingSince since when no worker has taken it; null while it has one, and at its end
     * @param ranSeconds time in RUNNING and CANCELLING, pauses left out
     */
    public record Run(
            int generation,
            long seq,
            boolean started,
            int idleGenerations,
            @Nullable Instant pendingSince,
            double ranSeconds) {}

    /** As lists show it. */
    public JobView view() {
        return view(false, new JobView.Detail(null, null));
    }

    /** With its request and recipes, and the texts that the request names. */
    public JobView full(List<JobView.Text> texts) {
        return view(true, new JobView.Detail(RecordCodec.read(Json.parse(request.json()), JobRequest.class), texts));
    }

    private JobView view(boolean full, JobView.Detail detail) {
        JobOutput first = outputs.getFirst();
        return new JobView(
                id.toString(),
                request.name(),
                state,
                stage,
                desired,
                new JobView.Work(
                        request.source(), request.result(), request.labels(), request.placement(), request.limits()),
                remarks.of(state),
                progress,
                times,
                outputs.stream().map(one -> one.view(full)).toList(),
                new JobView.First(first.recipeName(), first.digest(), first.location()),
                detail);
    }
}
