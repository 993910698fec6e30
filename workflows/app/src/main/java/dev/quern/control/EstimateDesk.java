package dev.quern.control;

import dev.quern.jobs.EstimateRepository;
import dev.quern.jobs.EstimateRepository.Question;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.RecordCodec;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.context.SmartLifecycle;

/** Answers the api's questions what a job would take: the api reads no checkpoint. */
final class EstimateDesk implements SmartLifecycle {
    private static final Logger LOG = LoggerFactory.getLogger(EstimateDesk.class);
    private static final long PERIOD_MILLIS = 250;
    /** Headers of a large checkpoint are read in seconds, also from S3. */
    private static final Duration PATIENCE = Duration.ofMinutes(1);

    private final EstimateRepository questions;
    private final Estimator estimator;
    private final CountDownLatch stop = new CountDownLatch(1);
    private final Thread thread = Thread.ofPlatform().daemon().name("estimates").unstarted(this::run);

    EstimateDesk(EstimateRepository questions, Estimator estimator) {
        this.questions = questions;
        this.estimator = estimator;
    }

    @Override
    public void start() {
        thread.start();
    }

    @Override
    public void stop() {
        stop.countDown();
        try {
            thread.join(Duration.ofSeconds(10));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    @Override
    public boolean isRunning() {
        return thread.isAlive();
    }

    private void run() {
        try {
            do {
                round();
            } while (!stop.await(PERIOD_MILLIS, TimeUnit.MILLISECONDS));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private void round() {
        try {
            for (Optional<Question> next = questions.take(PATIENCE);
                    next.isPresent() && stop.getCount() > 0;
                    next = questions.take(PATIENCE)) {
                answer(next.get());
            }
        } catch (RuntimeException e) {
            // PostgreSQL is away; it may come back.
            LOG.warn("estimates: {}", e.toString());
        }
    }

    private void answer(Question question) {
        try {
            JobRequest request = RecordCodec.read(Json.parse(question.request()), JobRequest.class);
            Recipe recipe = RecordCodec.read(Json.parse(question.recipe()), Recipe.class);
            questions.answer(
                    question.id(),
                    Json.write(RecordCodec.write(estimator.estimate(question.tenant(), request, recipe))));
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
