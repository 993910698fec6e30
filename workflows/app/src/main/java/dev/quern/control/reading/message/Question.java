package dev.quern.control.reading.message;

import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Workload;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What a reading process is asked; it answers with a document. */
public sealed interface Question {
    Place place();

    /**
     * Answered by an {@link Inspected}.
     *
     * @param recipes one for each output
     * @param formats likewise
     * @param folder takes the token windows
     */
    record InspectSource(
            Place place,
            List<Recipe> recipes,
            List<String> formats,
            Text calibration,
            List<Text> evaluations,
            String folder)
            implements Question {
        public InspectSource {
            recipes = List.copyOf(recipes);
            formats = List.copyOf(formats);
            evaluations = List.copyOf(evaluations);
        }
    }

    /**
     * Answered by an {@link InspectedResult}.
     *
     * @param place of the original
     * @param result place of the finished result
     * @param folder takes the token windows
     */
    record InspectResult(Place place, Place result, List<Text> evaluations, String folder) implements Question {
        public InspectResult {
            evaluations = List.copyOf(evaluations);
        }
    }

    /** Answered by a {@link dev.quern.engine.plan.Plan}. */
    record PlanJob(Place place, Workload workload, Budget budget, Fanout fanout) implements Question {}

    /**
     * Answered by a {@link dev.quern.recipes.view.Estimate}.
     *
     * @param recipes none for the evaluation of a result
     * @param formats one for each recipe; none is compressed-tensors for all
     * @param calibration as the owner asks for it; the texts are not read
     * @param evaluations likewise
     */
    record EstimateJob(
            Place place,
            List<Recipe> recipes,
            List<String> formats,
            JobRequest.@Nullable Calibration calibration,
            List<JobRequest.Evaluation> evaluations,
            Budget budget,
            Fanout fanout)
            implements Question {
        public EstimateJob {
            recipes = List.copyOf(recipes);
            formats = List.copyOf(formats);
            evaluations = List.copyOf(evaluations);
        }
    }
}
