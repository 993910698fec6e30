package dev.quern.api.pages;

import dev.quern.api.caller.Caller;
import dev.quern.api.html.Assets;
import dev.quern.api.request.JobIds;
import dev.quern.api.rest.ApprovalReason;
import dev.quern.api.rest.JobTexts;
import dev.quern.api.results.OutputFiles;
import dev.quern.jobs.BoardRepository;
import dev.quern.jobs.EventRepository;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobFilter;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobEvent;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import org.springframework.http.CacheControl;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;

/** The dashboard's URLs. */
@Controller
final class PagesController {
    private static final MediaType HTML = MediaType.parseMediaType("text/html;charset=UTF-8");
    private static final int PAGE = 50;
    private static final int EVENTS = 100;

    private final JobRepository jobs;
    private final BoardRepository boards;
    private final EventRepository events;
    private final ReportRepository reports;
    private final OutputFiles files;
    private final JobTexts texts;

    PagesController(
            JobRepository jobs,
            BoardRepository boards,
            EventRepository events,
            ReportRepository reports,
            OutputFiles files,
            JobTexts texts) {
        this.jobs = jobs;
        this.boards = boards;
        this.events = events;
        this.reports = reports;
        this.files = files;
        this.texts = texts;
    }

    @GetMapping("/")
    ResponseEntity<String> jobs(
            @RequestParam(defaultValue = "") String state,
            @RequestParam(defaultValue = "") String cursor,
            @RequestHeader(name = "HX-Request", defaultValue = "false") boolean part,
            Caller caller,
            HttpServletRequest request) {
        JobFilter filter = new JobFilter(state.isEmpty() ? null : JobIds.state(state), Map.of());
        String from = cursor.isEmpty() ? null : cursor;
        JobsPage.View view = new JobsPage.View(
                jobs.list(caller.tenant(), filter, from, PAGE).view(),
                state,
                from,
                request.getScheme() + "://" + request.getHeader("Host"),
                Instant.now());
        return html(part ? JobsPage.list(view).markup() : JobsPage.draw(view, caller));
    }

    @GetMapping("/jobs/{id}")
    ResponseEntity<String> job(@PathVariable String id, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        List<JobEvent> log = events.newest(job.id(), EVENTS);
        return html(JobPage.draw(view(job, job.lastEvent(), log), caller));
    }

    /**
     * What changed since event {@code after} on a page whose board shows {@code blocks} rows on the colour scale
     * {@code scale}.
     */
    @GetMapping("/jobs/{id}/live")
    ResponseEntity<String> live(
            @PathVariable String id,
            @RequestParam(defaultValue = "0") long after,
            @RequestParam(defaultValue = "0") int blocks,
            @RequestParam(defaultValue = "") String scale,
            Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        // A page that slept for long gets at most so many at once, and the rest with its next question.
        // Before the row: what the page has heard of is never drawn again, so the row must be at least as new.
        List<JobEvent> since = events.after(job.id(), after, EVENTS * 10);
        long heard = since.isEmpty() ? after : since.getLast().id();
        return html(JobPage.changes(view(job, heard, since), caller, new JobPage.Shown(blocks, scale)));
    }

    /**
     * A job that has moved on in the meantime is what the page will show: a wish that came too late is no error here.
     */
    @PostMapping("/jobs/{id}/{wish:cancel|pause|resume|retry}")
    ResponseEntity<Void> wish(@PathVariable String id, @PathVariable String wish, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        switch (wish) {
            case "cancel" -> jobs.cancel(caller.tenant(), job.id());
            case "pause" -> jobs.pause(caller.tenant(), job.id());
            case "resume" -> jobs.resume(caller.tenant(), job.id());
            default -> jobs.retry(caller.tenant(), job.id());
        }
        return back(job);
    }

    @PostMapping("/jobs/{id}/approve")
    ResponseEntity<Void> approve(
            @PathVariable String id, @RequestParam(defaultValue = "") String reason, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        caller.require(Scope.ADMIN, "approve");
        jobs.approve(caller.principal(), job.id(), ApprovalReason.of(reason));
        return back(job);
    }

    @GetMapping("/assets/{name}")
    ResponseEntity<byte[]> asset(@PathVariable String name) {
        Assets.Asset asset = Assets.find(name)
                .orElseThrow(
                        () -> new QuernException(ErrorCode.NOT_FOUND, "asset: " + name + " (expected: one of ours)"));
        return ResponseEntity.ok()
                .contentType(MediaType.parseMediaType(asset.type()))
                .cacheControl(CacheControl.maxAge(Duration.ofDays(365)).immutable())
                .body(asset.content());
    }

    private JobPage.View view(Job found, long heard, List<JobEvent> log) {
        Job job = jobs.find(found.id()).orElse(found);
        return new JobPage.View(
                job.view(),
                RecordCodec.read(Json.parse(job.request().json()), JobRequest.class),
                texts.of(job),
                boards.find(job.id()),
                log,
                heard,
                job.outputs().stream().map(output -> result(job, output)).toList(),
                Instant.now());
    }

    private JobResult result(Job job, JobOutput output) {
        return new JobResult(
                output.recipe() == null ? null : RecordCodec.read(Json.parse(output.recipe()), Recipe.class),
                reports.find(job.id(), output.position())
                        .map(json -> RecordCodec.read(Json.parse(json), Report.class))
                        .orElse(null),
                job.state().terminal() ? files.find(job, output).orElse(null) : null);
    }

    private static ResponseEntity<String> html(String page) {
        return ResponseEntity.ok().contentType(HTML).body(page);
    }

    private static ResponseEntity<Void> back(Job job) {
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .location(URI.create("/jobs/" + job.id()))
                .build();
    }
}
