package dev.quern.worker.device;

import dev.quern.engine.backend.ComputeBackend;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One device: its backend, confined to a named platform thread of its own. Work from several queues waits here for its
 * turn, so a device never serves two at once.
 */
public final class DeviceThread implements AutoCloseable {
    private final ExecutorService thread;
    private final ComputeBackend backend;
    private final String profile;

    public DeviceThread(String name, Supplier<ComputeBackend> opener) {
        this.thread = Executors.newSingleThreadExecutor(
                Thread.ofPlatform().daemon().name(name).factory());
        this.backend = call(opener::get);
        this.profile = call(backend::numericProfile);
    }

    /** What runs on the device's thread. */
    public interface Work<T> {
        T run(ComputeBackend backend) throws Exception;
    }

    public String profile() {
        return profile;
    }

    public String description() {
        return backend.description();
    }

    /** Runs the work on the device, after what is there already. */
    public <T> T run(Work<T> work) {
        return call(() -> work.run(backend));
    }

    @Override
    public void close() {
        call(() -> {
            backend.close();
            return "";
        });
        thread.shutdown();
    }

    private <T> T call(Callable<T> work) {
        Future<T> result = thread.submit(work);
        try {
            return result.get();
        } catch (ExecutionException e) {
            throw unwrapped(e.getCause());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while the device worked", e);
        }
    }

    private static RuntimeException unwrapped(@Nullable Throwable cause) {
        return switch (cause) {
            case RuntimeException e -> e;
            case Error e -> throw e;
            case null, default -> new IllegalStateException(cause);
        };
    }
}
