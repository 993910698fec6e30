package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.OpenRequests;
import dev.quern.api.settings.ApiProperties;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobEvent;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.LinearView;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.OptionalLong;
import org.springframework.stereotype.Component;

/**
 * Server-sent events of a job, on the virtual thread of the request. Ids are those of the log, so a client that comes
 * back with Last-Event-ID misses nothing; an id that the log does not have gets {@code reset} with a snapshot. The
 * stream ends with the job.
 */
@Component
final class EventStream {
    private static final int BATCH = 500;

    private final JobRepository jobs;
    private final EventRepository events;
    private final BoardRepository boards;
    private final OpenRequests open;
    private final Duration heartbeat;

    EventStream(
            JobRepository jobs,
            EventRepository events,
            BoardRepository boards,
            OpenRequests open,
            ApiProperties properties) {
        this.jobs = jobs;
        this.events = events;
        this.boards = boards;
        this.open = open;
        this.heartbeat = properties.heartbeat();
    }

    /** The data of {@code reset}: all that a client needs to start over. */
    record Snapshot(JobView job, LinearView.Board layers) {}

    /** The id that a client names; empty for text that is none. */
    static OptionalLong position(String id) {
        try {
            long position = Long.parseLong(id);
            return position < 0 ? OptionalLong.empty() : OptionalLong.of(position);
        } catch (NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    void follow(Caller caller, Job job, String after, HttpServletResponse response)
            throws IOException, InterruptedException {
        OptionalLong position = position(after);
        boolean known = position.isPresent() && position.getAsLong() <= job.lastEvent();
        if (known && ended(job, position.getAsLong())) {
            // The one answer after which a browser does not come back.
            response.setStatus(HttpServletResponse.SC_NO_CONTENT);
            return;
        }
        try (OpenRequests.Seat _ = open.take(caller)) {
            OutputStream out = open(response);
            if (!known) {
                send(out, job.lastEvent(), "reset", snapshot(job));
            }
            follow(job, known ? position.getAsLong() : job.lastEvent(), out);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private String snapshot(Job job) {
        return Json.write(RecordCodec.write(new Snapshot(job.view(), boards.find(job.id()))));
    }

    private static OutputStream open(HttpServletResponse response) throws IOException {
        response.setContentType("text/event-stream;charset=UTF-8");
        // Proxies would collect the stream.
        response.setHeader("X-Accel-Buffering", "no");
        OutputStream out = response.getOutputStream();
        write(out, "retry: 1000\n\n");
        return out;
    }

    private void follow(Job job, long after, OutputStream out) throws IOException, InterruptedException {
        long last = after;
        long sentAt = System.nanoTime();
        do {
            List<JobEvent> found = events.after(job.id(), last, BATCH);
            for (JobEvent event : found) {
                send(out, event.id(), event.type(), Json.write(RecordCodec.write(event)));
                last = event.id();
            }
            if (found.isEmpty()) {
                if (ended(jobs.find(job.id()).orElse(job), last)) {
                    return;
                }
                if (System.nanoTime() - sentAt >= heartbeat.toNanos()) {
                    write(out, ":\n\n");
                    sentAt = System.nanoTime();
                }
            } else {
                sentAt = System.nanoTime();
            }
        } while (open.pause());
    }

    private static boolean ended(Job job, long last) {
        return job.state().terminal() && last >= job.lastEvent();
    }

    private static void send(OutputStream out, long id, String type, String data) throws IOException {
        write(out, "id: " + id + "\nevent: " + type + "\ndata: " + data + "\n\n");
    }

    private static void write(OutputStream out, String text) throws IOException {
        out.write(text.getBytes(StandardCharsets.UTF_8));
        out.flush();
    }
}
