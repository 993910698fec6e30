package dev.quern.control;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Source;
import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.view.Estimate;
import java.lang.management.ManagementFactory;
import java.nio.file.Path;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Says what a job would take, from the headers of its checkpoint.
 *
 * @param workers that there will be
 * @param budget of each of them
 */
record Estimator(int workers, Budget budget, double sliceSeconds) {
    /** The service, the database and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    /**
     * Workers on machines like this one, as many as share it.
     *
     * @param threads of a worker; 0 divides the cores
     */
    static Estimator onMachinesLikeThis(int workers, int threads, double sliceSeconds) {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long memory = (long) (machine.getTotalMemorySize() * SHARE) / workers;
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
        return new Estimator(workers, new Budget(memory, threads > 0 ? threads : cores), sliceSeconds);
    }

    /**
     * @throws QuernException as {@link Source#open(Path)} and {@link dev.quern.engine.plan.Planner#plan}
     */
    Estimate estimate(JobRequest request, Recipe recipe) {
        JobRequest.Calibration asked =
                Objects.requireNonNullElse(request.calibration(), new JobRequest.Calibration(null, null, null));
        JobRequest.Placement placement = request.placement();
        try (Source source = Source.open(folder(request.source()))) {
            Workload workload = Workload.beforehand(recipe, source.architecture(), asked.samples(), asked.seqLen());
            return source.estimate(workload, budget, new Fanout(workers, segments(placement), sliceSeconds));
        }
    }

    private static @Nullable Integer segments(JobRequest.@Nullable Placement placement) {
        return placement == null ? null : placement.segments();
    }

    private static Path folder(JobRequest.Source source) {
        String path = source.path();
        if (path == null) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST, "source: " + source.location() + " (expected: a local folder)");
        }
        return Path.of(path);
    }
}
