package dev.quern.api.rest;

import dev.quern.api.caller.Caller;
import dev.quern.api.settings.ApiProperties;
import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.OutputRecipes;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.Estimate;
import dev.quern.submissions.Submissions;
import java.time.Duration;
import java.util.Optional;
import java.util.UUID;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestBody;
import org.springframework.web.bind.annotation.RestController;

/**
 * What a job would take, before it is submitted. A control process reads the checkpoint; this one waits for its answer.
 */
@RestController
final class EstimateController {
    private static final long LOOK_MILLIS = 100;

    private final Submissions submissions;
    private final EstimateRepository estimates;
    private final Duration patience;

    EstimateController(Submissions submissions, EstimateRepository estimates, ApiProperties properties) {
        this.submissions = submissions;
        this.estimates = estimates;
        this.patience = properties.estimate();
    }

    /** Takes the body of a submission, and refuses what a submission would refuse. */
    @PostMapping("/api/v1/estimate")
    Estimate estimate(@RequestBody JobRequest request, Caller caller) throws InterruptedException {
        submissions.check(caller.principal(), request);
        UUID question = estimates.ask(
                caller.tenant(), Json.canonical(RecordCodec.write(request)), Recipes.write(OutputRecipes.of(request)));
        try {
            return read(await(question));
        } finally {
            estimates.drop(question);
        }
    }

    private EstimateRepository.Answer await(UUID question) throws InterruptedException {
        long end = System.nanoTime() + patience.toNanos();
        while (true) {
            Optional<EstimateRepository.Answer> answer = estimates.find(question);
            if (answer.isPresent()) {
                return answer.get();
            }
            if (System.nanoTime() > end) {
                throw new QuernException(
                        ErrorCode.UNAVAILABLE,
                        "estimate: none within " + patience.toSeconds() + " s (expected: a control process that runs)");
            }
            Thread.sleep(LOOK_MILLIS);
        }
    }

    private static Estimate read(EstimateRepository.Answer answer) {
        if (answer.estimate() == null) {
            throw new QuernException(
                    ErrorCode.valueOf(String.valueOf(answer.code())), String.valueOf(answer.message()));
        }
        return RecordCodec.read(Json.parse(answer.estimate()), Estimate.class);
    }
}
