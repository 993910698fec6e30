package dev.quern.control.estimate;

import dev.quern.control.task.PeriodicTask;
import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.jobs.installation.EstimateRepository.Question;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Answers the api's questions what a job would take: the api reads no checkpoint. */
final class EstimateDesk implements PeriodicTask.Work {
    private static final Logger LOG = LoggerFactory.getLogger(EstimateDesk.class);
    /** Headers of a large checkpoint are read in seconds, also from S3. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final EstimateRepository questions;
    private final Estimator estimator;

    EstimateDesk(EstimateRepository questions, Estimator estimator) {
        this.questions = questions;
        this.estimator = estimator;
    }

    /** Answers one question at most. */
    @Override
    public boolean round() {
        try {
            Optional<Question> next = questions.take(PATIENCE);
            next.ifPresent(this::answer);
            return next.isPresent();
        } catch (RuntimeException e) {
            // PostgreSQL is away; it may come back.
            LOG.warn("estimates: {}", e.toString());
            return false;
        }
    }

    private void answer(Question question) {
        try {
            JobRequest request = RecordCodec.read(Json.parse(question.request()), JobRequest.class);
            List<Recipe> recipes = Recipes.list(question.recipes());
            questions.answer(
                    question.id(),
                    Json.write(RecordCodec.write(estimator.estimate(question.tenant(), request, recipes))));
        } catch (QuernException e) {
            questions.refuse(question.id(), e.code().name(), String.valueOf(e.getMessage()));
        } catch (RuntimeException e) {
            LOG.error("estimate {}", question.id(), e);
            questions.refuse(
                    question.id(),
                    ErrorCode.INTERNAL.name(),
                    "a defect of the server; the control process's log has it");
        }
    }
}
