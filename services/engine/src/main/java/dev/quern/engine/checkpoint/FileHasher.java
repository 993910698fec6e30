package dev.quern.engine.checkpoint;

import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.Digests;
import java.io.IOException;
import java.io.InputStream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.LongConsumer;

/** SHA-256 of files, and in the same pass the search for weights that are not finite: every byte is read from the disk once. */
final class FileHasher {
    /** Small enough to be scanned out of the cache it was hashed in. */
    private static final int CHUNK = 1 << 20;

    private final LongConsumer progress;
    private final Cancellation cancellation;

    /** @param progress told the bytes of each chunk, by any thread */
    FileHasher(LongConsumer progress, Cancellation cancellation) {
        this.progress = progress;
        this.cancellation = cancellation;
    }

    String hash(Path file) throws IOException {
        MessageDigest digest = Digests.sha256();
        byte[] buffer = new byte[CHUNK];
        try (InputStream in = Files.newInputStream(file)) {
            for (int read = in.read(buffer); read > 0; read = in.read(buffer)) {
                cancellation.check();
                digest.update(buffer, 0, read);
                progress.accept(read);
            }
        }
        return Digests.hex(digest.digest());
    }

    /** @throws dev.quern.recipes.QuernException NON_FINITE_WEIGHTS that names the first such tensor and element */
    String hashAndScan(SafetensorsFile file) {
        MessageDigest digest = Digests.sha256();
        byte[] buffer = new byte[CHUNK];
        MemorySegment bytes = file.bytes();
        List<StoredTensor> tensors = floats(file);
        int scanned = 0;
        for (long at = 0; at < bytes.byteSize(); at += CHUNK) {
            cancellation.check();
            int length = (int) Math.min(CHUNK, bytes.byteSize() - at);
            MemorySegment.copy(bytes, ValueLayout.JAVA_BYTE, at, buffer, 0, length);
            digest.update(buffer, 0, length);
            progress.accept(length);
            while (scanned < tensors.size() && end(bytes, tensors.get(scanned)) <= at + length) {
                scan(file, tensors.get(scanned++));
            }
        }
        return Digests.hex(digest.digest());
    }

    private static List<StoredTensor> floats(SafetensorsFile file) {
        List<StoredTensor> tensors = new ArrayList<>();
        file.entries().values().stream()
                .filter(entry -> entry.type().isWeight() && entry.bytes() > 0)
                .sorted(Comparator.comparingLong(TensorEntry::begin))
                .forEach(entry -> tensors.add(file.tensor(entry.name())));
        return tensors;
    }

    private static long end(MemorySegment bytes, StoredTensor tensor) {
        return tensor.data().address() + tensor.data().byteSize() - bytes.address();
    }

    private static void scan(SafetensorsFile file, StoredTensor tensor) {
        long element = FiniteScan.firstNonFinite(tensor.type(), tensor.data());
        if (element >= 0) {
            throw FiniteScan.refusal(Refusal.name(file.path()), tensor, element);
        }
    }
}
