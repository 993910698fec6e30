package dev.quern.control.estimate;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.control.reading.Readings;
import dev.quern.control.reading.message.Place;
import dev.quern.control.reading.message.Question;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.jobs.installation.WorkerRepository;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.Estimate;
import dev.quern.recipes.view.WorkerView;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.BiFunction;
import org.jspecify.annotations.Nullable;

/**
 * Says what a job would take, from the headers of its checkpoint.
 *
 * @param places finds what a tenant names
 * @param workers that there will be
 * @param devices finds a device that is there, by the class of its worker or null for any
 * @param unmeasured what each of the workers may use while none is there: no device has been measured
 */
record Estimator(
        BiFunction<String, JobRequest.Source, Place> places,
        Readings readings,
        int workers,
        Devices devices,
        Budget unmeasured,
        double sliceSeconds) {
    /** The service, the database and the page cache of mapped checkpoints keep a quarter. */
    private static final double SHARE = 0.75;

    /** As {@link WorkerRepository#measured}. */
    interface Devices {
        Optional<WorkerView.Device> measured(@Nullable String workerClass);
    }

    /**
     * Workers on machines like this one, as many as share it.
     *
     * @param threads of a worker; 0 divides the cores
     */
    static Budget onMachinesLikeThis(int workers, int threads) {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long memory = (long) (machine.getTotalMemorySize() * SHARE) / workers;
        int cores = Math.max(1, Runtime.getRuntime().availableProcessors() / workers);
        return new Budget(memory, threads > 0 ? threads : cores, null);
    }

    /** @throws QuernException as {@link Readings#estimate} */
    Estimate estimate(String tenant, JobRequest request, List<Recipe> recipes) {
        JobRequest.Placement placement = request.placement();
        return readings.estimate(new Question.EstimateJob(
                places.apply(tenant, request.source()),
                recipes,
                recipes.isEmpty() ? List.of() : request.formats(),
                request.calibration(),
                request.evaluation(),
                budget(placement == null ? null : placement.workerClass()),
                new Fanout(workers, placement == null ? null : placement.segments(), sliceSeconds)));
    }

    private Budget budget(@Nullable String workerClass) {
        return devices.measured(workerClass).map(Estimator::budget).orElse(unmeasured);
    }

    private static Budget budget(WorkerView.Device device) {
        return new Budget(
                new Budget.Memory(device.memoryBytes(), device.hostMemoryBytes()),
                device.threads(),
                new DeviceSpeed(
                        Objects.requireNonNull(device.flopsPerSecond()),
                        Objects.requireNonNull(device.bytesPerSecond())),
                Long.MAX_VALUE);
    }
}
