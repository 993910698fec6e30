package dev.quern.engine.checkpoint.digest;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.LongConsumer;

/** Digests of the files of a folder, two at a time. */
public final class FileDigests {
    /** Disks feed two hashes at once and rarely more. */
    private static final int THREADS = 2;

    private FileDigests() {}

    /**
     * Reads files of a checkpoint's folder; its safetensors are searched for weights that are not finite in the same
     * pass.
     *
     * @param names relative to the checkpoint's folder
     * @param progress told bytes as they are read, by any thread
     * @return in the order of the names
     * @throws dev.quern.recipes.error.QuernException NON_FINITE_WEIGHTS that names tensor and element,
     *     INVALID_CHECKPOINT for a file that cannot be read
     */
    public static List<FileDigest> of(
            Checkpoint checkpoint, List<String> names, LongConsumer progress, Cancellation cancellation) {
        return of(checkpoint, names, DigestCache.open(null), progress, cancellation);
    }

    static List<FileDigest> of(
            Checkpoint checkpoint,
            List<String> names,
            DigestCache known,
            LongConsumer progress,
            Cancellation cancellation) {
        FileHasher hasher = new FileHasher(checkpoint.source(), progress, cancellation);
        return inParallel(names.stream()
                .<Work>map(name -> () -> digest(checkpoint, name, known, hasher, progress))
                .toList());
    }

    private interface Work {
        FileDigest run();
    }

    private static FileDigest digest(
            Checkpoint checkpoint, String name, DigestCache known, FileHasher hasher, LongConsumer progress) {
        CheckpointFiles files = checkpoint.source();
        String key = files.location() + "/" + name;
        CheckpointFiles.Version before = files.version(name);
        String sha256 = known.find(key, before);
        if (sha256 == null) {
            sha256 = hasher.hash(name, checkpoint.shards().get(name));
            // A file that changed since, or may without a trace, is not remembered.
            CheckpointFiles.Version after = files.version(name);
            if (after.settled() && after.isSame(before)) {
                known.remember(key, after, sha256);
            }
        } else {
            progress.accept(before.size());
        }
        return new FileDigest(name, before.size(), sha256);
    }

    /** The results in order; of several errors the first in that order, whichever came first in time. */
    private static List<FileDigest> inParallel(List<Work> work) {
        List<FileDigest> results = new ArrayList<>();
        try (ExecutorService threads = Executors.newFixedThreadPool(
                THREADS, Thread.ofPlatform().daemon().name("hash-", 0).factory())) {
            List<Future<FileDigest>> futures = new ArrayList<>();
            work.forEach(item -> futures.add(threads.submit(item::run)));
            for (Future<FileDigest> future : futures) {
                results.add(result(future, threads));
            }
        }
        return results;
    }

    private static FileDigest result(Future<FileDigest> future, ExecutorService threads) {
        try {
            return future.get();
        } catch (ExecutionException e) {
            threads.shutdownNow();
            throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e.getCause());
        } catch (InterruptedException e) {
            threads.shutdownNow();
            Thread.currentThread().interrupt();
            throw new Cancellation.CancelledException();
        }
    }
}
