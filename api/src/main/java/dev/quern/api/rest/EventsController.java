package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.JobIds;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobEvent;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The log of a job: as a stream where the client asks for one, else page by page. */
@RestController
final class EventsController {
    private static final int MAX_PAGE = 1000;

    private final JobRepository jobs;
    private final EventRepository events;
    private final EventStream stream;

    EventsController(JobRepository jobs, EventRepository events, EventStream stream) {
        this.jobs = jobs;
        this.events = events;
        this.stream = stream;
    }

    /**
     * A page of events, oldest first.
     *
     * @param last the id to ask after for the next page
     */
    record EventPage(List<JobEvent> events, long last) {}

    /**
     * @param lastEventId the event after which a stream continues; {@code after} serves a client that cannot set the
     *     header
     */
    @GetMapping("/api/v1/jobs/{id}/events")
    void events(
            @PathVariable String id,
            @RequestParam(defaultValue = "0") String after,
            @RequestParam(defaultValue = "200") int limit,
            @RequestHeader(name = "Last-Event-ID", required = false) @Nullable String lastEventId,
            @RequestHeader(name = "Accept", defaultValue = "*/*") String accept,
            Caller caller,
            HttpServletResponse response)
            throws IOException, InterruptedException {
        Job job = JobIds.find(jobs, caller, id);
        if (accept.contains("text/event-stream")) {
            stream.follow(caller, job, lastEventId == null ? after : lastEventId, response);
            return;
        }
        EventPage page = page(job, after, limit);
        response.setContentType("application/json");
        response.getOutputStream().write(Json.write(RecordCodec.write(page)).getBytes(StandardCharsets.UTF_8));
    }

    private EventPage page(Job job, String after, int limit) {
        if (limit < 1 || limit > MAX_PAGE) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "limit: " + limit + " (expected: 1 to " + MAX_PAGE + ")");
        }
        long from = EventStream.position(after)
                .orElseThrow(() -> new QuernException(
                        ErrorCode.INVALID_REQUEST, "after: " + after + " (expected: the id of an event, or 0)"));
        List<JobEvent> found = events.after(job.id(), from, limit);
        return new EventPage(found, found.isEmpty() ? from : found.getLast().id());
    }
}
