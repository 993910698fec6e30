package dev.quern.worker;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.contract.Heartbeat;
import dev.quern.contract.Queues;
import dev.quern.contract.presence.Device;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.natives.NativeLibraries;
import dev.quern.inputs.Sources;
import dev.quern.process.Connections;
import dev.quern.process.HttpPort;
import dev.quern.recipes.error.QuernException;
import dev.quern.worker.activities.ComputeActivitiesImpl;
import dev.quern.worker.device.DeviceSlot;
import dev.quern.worker.device.DeviceThread;
import dev.quern.worker.device.Presence;
import dev.quern.worker.device.Scratch;
import dev.quern.worker.device.WorkerMetrics;
import io.temporal.client.WorkflowClient;
import io.temporal.client.WorkflowClientOptions;
import io.temporal.serviceclient.WorkflowServiceStubs;
import io.temporal.worker.WorkerFactory;
import io.temporal.worker.WorkerOptions;
import io.temporal.worker.tuning.ActivitySlotInfo;
import io.temporal.worker.tuning.CompositeTuner;
import io.temporal.worker.tuning.FixedSizeSlotSupplier;
import io.temporal.worker.tuning.SlotSupplier;
import java.io.IOException;
import java.time.Duration;
import java.util.Arrays;
import java.util.OptionalLong;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** A running compute process: one device, and the queues that bring work for it. */
public final class ComputeWorker implements AutoCloseable {
    private static final Logger LOG = LoggerFactory.getLogger(ComputeWorker.class);
    private static final long GRACE_SECONDS = 5;
    /** For a Temporal that starts beside the worker. */
    private static final Duration PATIENCE = Duration.ofSeconds(60);
    /** For the workflow to hear of a slice and to send the next one. */
    private static final Duration HOLD_BACK = Duration.ofSeconds(1);

    private final DeviceThread device;
    private final DeviceSlot slot;
    private final Presence presence;
    private final WorkflowServiceStubs temporal;
    private final WorkerFactory factory;
    private final HttpPort http;
    private final RangeCache cache;
    private final AtomicBoolean closed = new AtomicBoolean();

    private ComputeWorker(
            DeviceThread device,
            DeviceSlot slot,
            Presence presence,
            WorkflowServiceStubs temporal,
            WorkerFactory factory,
            HttpPort http,
            RangeCache cache) {
        this.device = device;
        this.slot = slot;
        this.presence = presence;
        this.temporal = temporal;
        this.factory = factory;
        this.http = http;
        this.cache = cache;
    }

    /** Opens the device and begins to take work. */
    public static ComputeWorker start(WorkerConfig config) throws IOException {
        LOG.info("worker: {}", config);
        NativeLibraries.unpackInto(config.scratch());
        WorkflowServiceStubs temporal = connect(config);
        WorkerMetrics metrics = new WorkerMetrics();
        WorkerConfig.Compute compute = config.compute();
        DeviceThread device = new DeviceThread(
                "device-" + compute.device(), () -> compute.backend().open(compute.device(), compute.threads()));
        String name = name(config);
        Device announced = announced(name, compute, device);
        Scratch scratch = new Scratch(config.scratch());
        RangeCache cache = new RangeCache(config.scratch().resolve("ranges"), config.cacheBytes());
        ArtifactStore store = ArtifactStores.open(config.store(), config.environment());
        Sources sources = new Sources(store, new Buckets(config.environment()), cache);
        DeviceSlot slot = new DeviceSlot(HOLD_BACK);
        Presence presence = new Presence();
        ComputeActivitiesImpl activities =
                new ComputeActivitiesImpl(announced, device, slot, presence, store, sources, scratch, metrics);
        WorkflowClient client = client(temporal, config, name);
        WorkerFactory factory = WorkerFactory.newInstance(client);
        answer(factory, Queues.presence(name), presence);
        serve(factory, Queues.ofWorker(name), activities, slot.poller(false));
        // Null: jobs that take any class.
        for (@Nullable String workerClass : Arrays.asList(config.workerClass(), null)) {
            answer(factory, Queues.calls(workerClass), activities);
            answer(factory, Queues.calls(workerClass, device.profile()), activities);
            serve(factory, Queues.ofProfile(workerClass, device.profile()), activities, slot.poller(true));
            serve(factory, Queues.ofClass(workerClass), activities, slot.poller(true));
        }
        factory.start();
        presence.announce(client, announced, config.workerClass());
        HttpPort http = new HttpPort(config.httpPort(), metrics::scrape);
        LOG.info("ready, health and metrics on 127.0.0.1:{}", http.port());
        return new ComputeWorker(device, slot, presence, temporal, factory, http, cache);
    }

    private static Device announced(String name, WorkerConfig.Compute compute, DeviceThread device) {
        DeviceSpeed speed = device.run(DeviceSpeed::of);
        LOG.info(
                "{}: {} on {}, profile {}, {} GFLOP/s, {} MB/s",
                name,
                device.description(),
                compute.device(),
                device.profile(),
                Math.round(speed.flopsPerSecond() / 1e9),
                Math.round(speed.bytesPerSecond() / 1e6));
        OptionalLong own = device.run(backend -> backend.memory().capacity());
        return new Device(
                name,
                device.profile(),
                device.description(),
                compute.device().toString(),
                compute.threads(),
                own.orElse(compute.memoryBytes()),
                own.isPresent() ? compute.memoryBytes() : null,
                speed.flopsPerSecond(),
                speed.bytesPerSecond());
    }

    private static WorkflowClient client(WorkflowServiceStubs temporal, WorkerConfig config, String name) {
        return WorkflowClient.newInstance(
                temporal,
                WorkflowClientOptions.newBuilder()
                        .setNamespace(config.temporal().namespace())
                        .setIdentity(name)
                        .build());
    }

    /** Before anything else: without the right key nothing else is worth its time. */
    private static WorkflowServiceStubs connect(WorkerConfig config) {
        WorkerConfig.Temporal to = config.temporal();
        WorkflowServiceStubs temporal = Connections.connect(to.address(), to.token(), to.tls());
        try {
            Connections.require(temporal, to.address(), PATIENCE);
            return temporal;
        } catch (QuernException e) {
            temporal.shutdownNow();
            throw e;
        }
    }

    public int httpPort() {
        return http.port();
    }

    /** Takes nothing new, and gives the block in work so much time to be stored before it ends. */
    void drain(Duration grace) {
        // Not shut down yet: then heartbeats would tell the work to stop.
        factory.suspendPolling();
        try {
            slot.drain(grace);
            // Finished work is reported to Temporal.
            factory.shutdown();
            factory.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
        close();
    }

    /** Tells the work to stop and waits a little for it; what is not durable is made again elsewhere. */
    @Override
    public void close() {
        if (!closed.compareAndSet(false, true)) {
            return;
        }
        http.close();
        presence.close();
        factory.shutdownNow();
        factory.awaitTermination(GRACE_SECONDS, TimeUnit.SECONDS);
        temporal.shutdownNow();
        device.close();
        cache.close();
    }

    /** Unique, and readable in Temporal's pages. */
    private static String name(WorkerConfig config) {
        return config.workerClass() + "-" + ProcessHandle.current().pid() + "-"
                + UUID.randomUUID().toString().substring(0, 8);
    }

    /** Says at any time who is here: that takes no device. */
    private static void answer(WorkerFactory factory, String queue, Object activities) {
        WorkerOptions options = WorkerOptions.newBuilder()
                .setMaxConcurrentActivityTaskPollers(1)
                .setDefaultHeartbeatThrottleInterval(Heartbeat.PERIOD)
                .setMaxHeartbeatThrottleInterval(Heartbeat.PERIOD)
                .build();
        factory.newWorker(queue, options).registerActivitiesImplementations(activities);
    }

    private static void serve(
            WorkerFactory factory,
            String queue,
            ComputeActivitiesImpl activities,
            SlotSupplier<ActivitySlotInfo> slots) {
        WorkerOptions options = WorkerOptions.newBuilder()
                .setWorkerTuner(new CompositeTuner(
                        new FixedSizeSlotSupplier<>(1),
                        slots,
                        new FixedSizeSlotSupplier<>(1),
                        new FixedSizeSlotSupplier<>(1)))
                .setMaxConcurrentActivityTaskPollers(1)
                // With the SDK's own intervals details would move, and a cancel be heard, every 24 s.
                .setDefaultHeartbeatThrottleInterval(Heartbeat.PERIOD)
                .setMaxHeartbeatThrottleInterval(Heartbeat.PERIOD)
                .build();
        factory.newWorker(queue, options).registerActivitiesImplementations(activities);
    }
}
