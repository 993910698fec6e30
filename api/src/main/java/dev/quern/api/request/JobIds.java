package dev.quern.api.request;

import dev.quern.api.caller.Caller;
import dev.quern.jobs.Job;
import dev.quern.jobs.JobOutput;
import dev.quern.jobs.JobRepository;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import java.util.Arrays;
import java.util.Optional;
import java.util.UUID;

/** Finds the job that a URL names. */
public final class JobIds {
    private JobIds() {}

    /** @throws QuernException NOT_FOUND, in the same words for a job of another tenant and one that never was */
    public static Job find(JobRepository jobs, Caller caller, String id) {
        return parse(id)
                .flatMap(uuid -> jobs.find(caller.tenant(), uuid))
                .orElseThrow(
                        () -> new QuernException(ErrorCode.NOT_FOUND, "job: " + id + " (expected: the id of a job)"));
    }

    /**
     * An output of a job, by its position.
     *
     * @throws QuernException NOT_FOUND
     */
    public static JobOutput output(Job job, int output) {
        int outputs = job.outputs().size();
        if (output < 0 || output >= outputs) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND,
                    "output: " + output + " (expected: "
                            + (outputs == 1 ? "0, the job has one output" : "0 to " + (outputs - 1)) + ")");
        }
        return job.outputs().get(output);
    }

    /**
     * A state that a query names, in capitals or not.
     *
     * @throws QuernException INVALID_REQUEST
     */
    public static JobState state(String name) {
        return Arrays.stream(JobState.values())
                .filter(state -> state.name().equalsIgnoreCase(name))
                .findFirst()
                .orElseThrow(() -> new QuernException(
                        ErrorCode.INVALID_REQUEST,
                        "state: " + name + " (expected one of: "
                                + String.join(
                                        ", ",
                                        Arrays.stream(JobState.values())
                                                .map(JobState::name)
                                                .toList())
                                + ")"));
    }

    public static Optional<UUID> parse(String id) {
        try {
            return Optional.of(UUID.fromString(id));
        } catch (IllegalArgumentException e) {
            return Optional.empty();
        }
    }
}
