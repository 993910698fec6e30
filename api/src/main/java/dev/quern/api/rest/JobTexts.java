package dev.quern.api.rest;

import dev.quern.jobs.Job;
import dev.quern.jobs.upload.Upload;
import dev.quern.jobs.upload.UploadRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.view.JobView;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.stereotype.Component;

/** The texts that a job reads, by the names of their files: a request may name an upload by its id alone. */
@Component
public final class JobTexts {
    private final UploadRepository uploads;

    JobTexts(UploadRepository uploads) {
        this.uploads = uploads;
    }

    /** Those that its request names, calibration first; the built-in ones are not among them. */
    public List<JobView.Text> of(Job job) {
        JobRequest request = RecordCodec.read(Json.parse(job.request().json()), JobRequest.class);
        List<JobView.Text> texts = new ArrayList<>();
        if (request.calibration() != null) {
            add(texts, job, "calibration", request.calibration().text());
        }
        request.evaluation().forEach(asked -> add(texts, job, "evaluation", asked.text()));
        return List.copyOf(texts);
    }

    private void add(List<JobView.Text> texts, Job job, String use, JobRequest.@Nullable Source text) {
        if (text == null) {
            return;
        }
        Optional<Upload.File> file = Optional.ofNullable(text.upload())
                .flatMap(id -> uploads.find(job.tenant(), UUID.fromString(id)))
                .map(upload -> upload.files().getFirst());
        texts.add(new JobView.Text(
                use,
                file.map(Upload.File::name).orElseGet(() -> Figures.leaf(text.location())),
                file.map(Upload.File::sha256).orElse(null)));
    }
}
