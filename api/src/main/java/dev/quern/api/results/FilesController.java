package dev.quern.api.results;

import dev.quern.api.caller.Caller;
import dev.quern.api.request.JobIds;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobRepository;
import dev.quern.recipes.Manifest;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import org.springframework.http.HttpRange;
import org.springframework.http.HttpStatus;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PathVariable;
import org.springframework.web.bind.annotation.RequestParam;
import org.springframework.web.bind.annotation.RestController;

/** A result of a job: which files, with size and SHA-256, and each of them whole or from a place on. */
@RestController
final class FilesController {
    private final JobRepository jobs;
    private final OutputFiles files;

    FilesController(JobRepository jobs, OutputFiles files) {
        this.jobs = jobs;
        this.files = files;
    }

    @GetMapping("/api/v1/jobs/{id}/files")
    Manifest list(@PathVariable String id, @RequestParam(defaultValue = "0") int output, Caller caller) {
        Job job = JobIds.find(jobs, caller, id);
        return files.manifest(job, JobIds.output(job, output));
    }

    /** Never read as a whole: weights have gigabytes. One range at most; several are answered with the whole file. */
    @GetMapping("/api/v1/jobs/{id}/files/{*name}")
    void download(
            @PathVariable String id,
            @PathVariable String name,
            @RequestParam(defaultValue = "0") int output,
            Caller caller,
            HttpServletRequest request,
            HttpServletResponse response)
            throws IOException {
        String file = name.substring(1);
        Job job = JobIds.find(jobs, caller, id);
        OutputFiles.Content content = files.content(job, JobIds.output(job, output), file);
        long from = 0;
        long length = content.size();
        response.setHeader("ETag", "\"" + content.etag() + "\"");
        response.setHeader("Accept-Ranges", "bytes");
        List<HttpRange> ranges = ranges(request);
        if (ranges.size() == 1) {
            from = ranges.getFirst().getRangeStart(content.size());
            length = ranges.getFirst().getRangeEnd(content.size()) - from + 1;
            if (length <= 0) {
                response.setStatus(HttpServletResponse.SC_REQUESTED_RANGE_NOT_SATISFIABLE);
                response.setHeader("Content-Range", "bytes */" + content.size());
                return;
            }
            response.setStatus(HttpStatus.PARTIAL_CONTENT.value());
            response.setHeader("Content-Range", "bytes " + from + "-" + (from + length - 1) + "/" + content.size());
        }
        send(content, from, length, file, response);
    }

    private void send(OutputFiles.Content content, long from, long length, String file, HttpServletResponse response)
            throws IOException {
        response.setContentType("application/octet-stream");
        response.setContentLengthLong(length);
        // Saved, never shown: a file of the model must not become a page of this origin.
        response.setHeader(
                "Content-Disposition", "attachment; filename=\"" + file.replaceAll("[^A-Za-z0-9._-]", "_") + "\"");
        try (InputStream in = files.open(content, from, length)) {
            in.transferTo(response.getOutputStream());
        }
    }

    private static List<HttpRange> ranges(HttpServletRequest request) {
        try {
            return HttpRange.parseRanges(request.getHeader("Range"));
        } catch (IllegalArgumentException e) {
            // RFC 9110 14.2: a Range that cannot be read is ignored.
            return List.of();
        }
    }
}
