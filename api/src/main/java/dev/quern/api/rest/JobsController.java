package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.caller.Shares;
import dev.quern.api.request.JobIds;
import dev.quern.api.request.OpenRequests;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobFilter;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import dev.quern.submissions.Submissions;
import java.net.URI;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.DeleteMapping;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Jobs: submit, list, show, stop and move on, approve. */
@RestController
@RequestMapping("/api/v1/jobs")
final class JobsController {
    private static final int MAX_PAGE = 200;
    /** Seconds; proxies close a connection that is silent for longer. */
    private static final int MAX_WAIT = 60;

    /** A list of large requests takes 50 MB while it is made. */
    private static final int LISTS = 8;

    private static final Duration PATIENCE = Duration.ofSeconds(5);

    private final Shares lists = new Shares(LISTS);

    private final Submissions submissions;
    private final JobRepository jobs;
    private final BoardRepository boards;
    private final OpenRequests open;
    private final JobTexts texts;

    JobsController(
            Submissions submissions, JobRepository jobs, BoardRepository boards, OpenRequests open, JobTexts texts) {
        this.submissions = submissions;
        this.jobs = jobs;
        this.boards = boards;
        this.open = open;
        this.texts = texts;
    }

    @PostMapping
    ResponseEntity<JobView> submit(
            @RequestBody JobRequest request,
            @RequestHeader(name = "Idempotency-Key", required = false) @Nullable String idempotencyKey,
            Caller caller) {
        Job job =
                submissions.submit(caller.principal(), request, idempotencyKey).job();
        return ResponseEntity.accepted()
                .location(URI.create("/api/v1/jobs/" + job.id()))
                .body(job.full(texts.of(job)));
    }

    @GetMapping
    JobView.Page list(
            @RequestParam(required = false) @Nullable String cursor,
            @RequestParam(defaultValue = "50") int limit,
            @RequestParam(required = false) @Nullable String state,
            @RequestParam(defaultValue = "") List<String> label,
            Caller caller)
            throws InterruptedException {
        if (limit < 1 || limit > MAX_PAGE) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "limit: " + limit + " (expected: 1 to " + MAX_PAGE + ")");
        }
        JobFilter filter = new JobFilter(state == null ? null : JobIds.state(state), labels(label));
        String holder = caller.holder();
        if (!lists.take(holder, 1, PATIENCE)) {
            throw new QuernException(
                    ErrorCode.UNAVAILABLE, "requests: too many lists at a time (expected: again in a moment)");
        }
        try {
            return jobs.list(caller.tenant(), filter, cursor, limit).view();
        } finally {
            lists.release(holder, 1);
        }
    }

    private static Map<String, String> labels(List<String> given) {
        Map<String, String> labels = new HashMap<>();
        for (String label : given) {
            int colon = label.indexOf(':');
            if (colon < 1) {
                throw new QuernException(ErrorCode.INVALID_REQUEST, "label: " + label + " (expected: name:value)");
            }
            labels.put(label.substring(0, colon), label.substring(colon + 1));
        }
        return labels;
    }

    /** @param wait seconds that the answer may wait for the job's end; 0 answers at once */
    @GetMapping("/{id}")
    JobView show(@PathVariable String id, @RequestParam(defaultValue = "0") int wait, Caller caller)
            throws InterruptedException {
        if (wait < 0 || wait > MAX_WAIT) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "wait: " + wait + " (expected: 0 to " + MAX_WAIT + " seconds)");
        }
        Job job = JobIds.find(jobs, caller, id);
        Job answer = wait == 0 || job.state().terminal() ? job : ended(id, caller, Duration.ofSeconds(wait));
        return answer.full(texts.of(answer));
    }

    /** The job at its end, or as it is when the time is over. */
    private Job ended(String id, Caller caller, Duration patience) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        try (OpenRequests.Seat _ = open.take(caller)) {
            Job job = JobIds.find(jobs, caller, id);
            while (!job.state().terminal() && System.nanoTime() < end && open.pause()) {
                job = JobIds.find(jobs, caller, id);
            }
            return job;
        }
    }

    @GetMapping("/{id}/layers")
    LinearView.Board layers(@PathVariable String id, Caller caller) {
        return boards.find(JobIds.find(jobs, caller, id).id());
    }

    /** Writes the wish; the answer shows the job as it is, which may still run for a moment. Repeatable. */
    @PostMapping("/{id}/cancel")
    ResponseEntity<JobView> cancel(@PathVariable String id, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        if (!jobs.cancel(caller.tenant(), job.id()) && job.state() != JobState.CANCELLED) {
            throw conflict(id, caller, "a job that is not at its end");
        }
        return accepted(id, caller);
    }

    /** As {@link #cancel}: the work stops, at most the block in work is lost, and what exists stays. */
    @PostMapping("/{id}/pause")
    ResponseEntity<JobView> pause(@PathVariable String id, Caller caller) {
        if (!jobs.pause(caller.tenant(), JobIds.find(jobs, caller, id).id())) {
            throw conflict(id, caller, "QUEUED, RUNNING or PAUSED, and not about to be cancelled");
        }
        return accepted(id, caller);
    }

    @PostMapping("/{id}/resume")
    ResponseEntity<JobView> resume(@PathVariable String id, Caller caller) {
        if (!jobs.resume(caller.tenant(), JobIds.find(jobs, caller, id).id())) {
            throw conflict(id, caller, "PAUSED, QUEUED or RUNNING, and not about to be cancelled");
        }
        return accepted(id, caller);
    }

    @PostMapping("/{id}/retry")
    ResponseEntity<JobView> retry(@PathVariable String id, Caller caller) {
        if (!jobs.retry(caller.tenant(), JobIds.find(jobs, caller, id).id())) {
            throw conflict(id, caller, JobState.FAILED.name());
        }
        return accepted(id, caller);
    }

    /** Publishes a quarantined result. The submitter set the gate, so overriding it requires the scope admin. */
    @PostMapping("/{id}/approve")
    ResponseEntity<JobView> approve(
            @PathVariable String id, @RequestParam(defaultValue = "") String reason, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        caller.require(Scope.ADMIN, "approve");
        if (!jobs.approve(caller.principal(), job.id(), ApprovalReason.of(reason))) {
            throw conflict(id, caller, "a quarantined job");
        }
        return accepted(id, caller);
    }

    /**
     * Gone from lists at once; the control process then deletes its results in the store. An owner may, and an admin.
     */
    @DeleteMapping("/{id}")
    ResponseEntity<Void> delete(@PathVariable String id, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        if (!job.request().principal().equals(caller.principal().name())) {
            caller.require(Scope.ADMIN, "delete");
        }
        if (!jobs.delete(caller.tenant(), job.id())) {
            throw conflict(id, caller, "a job at its end; cancel it first");
        }
        return ResponseEntity.noContent().build();
    }

    private ResponseEntity<JobView> accepted(String id, Caller caller) {
        return ResponseEntity.accepted().body(JobIds.find(jobs, caller, id).view());
    }

    /** Names the state that the job has now, which may be another than the one it was found in. */
    private QuernException conflict(String id, Caller caller, String expected) {
        Job job = JobIds.find(jobs, caller, id);
        boolean cancelled = job.desired() == Desired.CANCEL && !job.state().terminal();
        return new QuernException(
                ErrorCode.CONFLICT,
                "state: " + job.state() + (cancelled ? ", to be cancelled" : "") + " (expected: " + expected + ")");
    }
}
