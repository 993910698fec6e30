package dev.quern.worker.device;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.util.concurrent.atomic.AtomicInteger;

/** What a worker counts, in Prometheus' format. */
public final class WorkerMetrics {
    private final PrometheusMeterRegistry registry = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    private final AtomicInteger working = new AtomicInteger();
    private final Counter linears =
            Counter.builder("quern.linears").description("Linears compressed").register(registry);
    private final Counter made = Counter.builder("quern.blocks.made")
            .description("Blocks whose artifact was added")
            .register(registry);
    private final Counter reused = Counter.builder("quern.blocks.reused")
            .description("Blocks that were there before")
            .register(registry);
    private final Counter failures = Counter.builder("quern.activities.failed")
            .description("Activities that failed")
            .register(registry);

    public WorkerMetrics() {
        new JvmMemoryMetrics().bindTo(registry);
        new ProcessorMetrics().bindTo(registry);
        Gauge.builder("quern.activities.running", working, AtomicInteger::get)
                .description("Activities in work or waiting for the device")
                .register(registry);
    }

    public void begin() {
        working.incrementAndGet();
    }

    public void end() {
        working.decrementAndGet();
    }

    public void failed() {
        failures.increment();
    }

    public void linearDone() {
        linears.increment();
    }

    public void blockDone(boolean wasThere) {
        (wasThere ? reused : made).increment();
    }

    public String scrape() {
        return registry.scrape();
    }
}
