package dev.quern.jobs;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.JobView;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;

/** The reports of jobs, one for each output, as text: written once, served as they are. */
public final class ReportRepository {
    private static final String PUT = """
            INSERT INTO job_report (job_id, position, report) VALUES (:job, :position, :report)
            ON CONFLICT (job_id, position) DO UPDATE SET report = excluded.report, written_at = now()
            """;
    private static final String MEASURED =
            "UPDATE job_output SET quality = :quality WHERE job_id = :job AND position = :position";
    private static final String FIND = "SELECT report FROM job_report WHERE job_id = :job AND position = :position";

    private final JdbcClient db;

    public ReportRepository(JdbcClient db) {
        this.db = db;
    }

    /**
     * @param output its position in the job
     * @param report the JSON of a {@code Report}
     */
    public void put(UUID job, int output, String report) {
        db.sql(PUT)
                .param("job", job)
                .param("position", output)
                .param("report", report)
                .update();
        db.sql(MEASURED)
                .param("job", job)
                .param("position", output)
                .param("quality", Json.write(RecordCodec.write(quality(report))))
                .update();
    }

    private static JobView.Quality quality(String report) {
        Report read = RecordCodec.read(Json.parse(report), Report.class);
        List<Report.Evaluation> texts = read.evaluations();
        Double lost = worst(texts, text -> -text.top1());
        return new JobView.Quality(
                worst(texts, Report.Evaluation::klMean),
                worst(texts, Report.Evaluation::pplRatio),
                lost == null ? null : -lost,
                read.sizes().sourceBytes(),
                read.sizes().outputBytes());
    }

    private static @Nullable Double worst(List<Report.Evaluation> texts, ToDoubleFunction<Report.Evaluation> figure) {
        OptionalDouble worst = texts.stream().mapToDouble(figure).max();
        return worst.isPresent() && Double.isFinite(worst.getAsDouble()) ? worst.getAsDouble() : null;
    }

    /** The JSON of an output's report; empty before its gate. */
    public Optional<String> find(UUID job, int output) {
        return db.sql(FIND)
                .param("job", job)
                .param("position", output)
                .query(String.class)
                .optional();
    }
}
