package dev.quern.api.results;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.JobIds;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.jobs.ReportRepository;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Comparison;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** Results of jobs side by side. */
@RestController
final class CompareController {
    private static final int MAX = 8;

    private final JobRepository jobs;
    private final ReportRepository reports;

    CompareController(JobRepository jobs, ReportRepository reports) {
        this.jobs = jobs;
        this.reports = reports;
    }

    @GetMapping("/api/v1/compare")
    Comparison compare(@RequestParam(defaultValue = "") List<String> job, Caller caller) {
        List<String> labels = new ArrayList<>();
        List<Report> found = new ArrayList<>();
        for (String id : job) {
            Job row = JobIds.find(jobs, caller, id);
            row.outputs()
                    .forEach(output -> reports.find(row.id(), output.position()).ifPresent(json -> {
                        labels.add(row.outputs().size() == 1 ? id : id + " " + output.recipeName());
                        found.add(RecordCodec.read(Json.parse(json), Report.class));
                    }));
            requireFew(found.size());
        }
        if (found.size() < 2) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "job: " + found.size() + " results (expected: at least 2 with a report)");
        }
        return Comparison.of(labels, found);
    }

    private static void requireFew(int results) {
        if (results > MAX) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "job: " + results + " results (expected: at most " + MAX + ")");
        }
    }
}
