package dev.quern.control.estimate;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.control.reading.Readings;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.Estimate;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Says what a job would take, from the headers of its checkpoint.
 *
 * @param places finds what a tenant names
 * @param workers that there will be
 * @param budget of each of them
 */
record Estimator(
        BiFunction<String, JobRequest.Source, Place> places,
        Readings readings,
        int workers,
        Budget budget,
        double sliceSeconds) {
    /** The service, the database and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    /**
     * Workers on machines like this one, as many as share it.
     *
     * @param threads of a worker; 0 divides the cores
     */
    static Estimator onMachinesLikeThis(
            BiFunction<String, JobRequest.Source, Place> places,
            Readings readings,
            int workers,
            int threads,
            double sliceSeconds) {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long memory = (long) (machine.getTotalMemorySize() * SHARE) / workers;
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
        return new Estimator(
                places, readings, workers, new Budget(memory, threads > 0 ? threads : cores), sliceSeconds);
    }

    /** @throws QuernException as {@link Readings#estimate} */
    Estimate estimate(String tenant, JobRequest request, List<Recipe> recipes) {
        return readings.estimate(new Question.EstimateJob(
                places.apply(tenant, request.source()),
                recipes,
                request.calibration(),
                request.evaluation(),
                budget,
                new Fanout(workers, segments(request.placement()), sliceSeconds)));
    }

    private static @Nullable Integer segments(JobRequest.@Nullable Placement placement) {
        return placement == null ? null : placement.segments();
    }
}
