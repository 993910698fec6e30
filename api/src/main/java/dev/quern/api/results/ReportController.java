package dev.quern.api.results;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.JobIds;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.drawing.ReportPage;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseEntity;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestHeader;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** The report of an output of a job, as data or as the self-contained page. */
@RestController
final class ReportController {
    private final JobRepository jobs;
    private final ReportRepository reports;

    ReportController(JobRepository jobs, ReportRepository reports) {
        this.jobs = jobs;
        this.reports = reports;
    }

    @GetMapping("/api/v1/jobs/{id}/report")
    ResponseEntity<String> report(
            @PathVariable String id,
            @RequestParam(defaultValue = "0") int output,
            @RequestHeader(name = "Accept", defaultValue = "*/*") String accept,
            Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        String json = reports.find(job.id(), JobIds.output(job, output).position())
                .orElseThrow(() -> new QuernException(
                        ErrorCode.NOT_FOUND,
                        "report: not written, the job is " + job.state()
                                + " (expected: a job that passed its evaluation)"));
        if (!accept.contains("text/html")) {
            return ResponseEntity.ok().contentType(MediaType.APPLICATION_JSON).body(json);
        }
        // Drawn anew rather than read from the output, so that its style sheet has the hash that the policy names.
        return ResponseEntity.ok()
                .contentType(MediaType.parseMediaType("text/html;charset=UTF-8"))
                .header("Content-Security-Policy", ReportPage.contentSecurityPolicy())
                .body(ReportPage.render(RecordCodec.read(Json.parse(json), Report.class)));
    }
}
