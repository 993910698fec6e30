package dev.quern.cli.compress;

import dev.quern.cli.client.Api;
import dev.quern.cli.client.PartSender;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.TransferLine;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.digest.FileDigests;
import dev.quern.engine.checkpoint.digest.ModelDigest;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.UploadView;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Brings a checkpoint or a text of this machine to a server, in parts: what is there already, whole files and parts of
 * them, is not sent.
 */
public final class Upload {
    private static final int AT_ONCE = 4;
    /** Addresses expire, so they are asked for in small numbers. */
    private static final int ADDRESSES = 16;

    private static final int ATTEMPTS = 6;
    private static final long FIRST_PAUSE_MILLIS = 500;

    /** What the name of a file on the server may not hold. */
    private static final Pattern OTHER = Pattern.compile("^[^A-Za-z0-9_]|[^A-Za-z0-9._=+@-]");

    private final Function<String, Path> place;
    private final List<FileDigest> files;

    /** @param place where a file of this name lies */
    private Upload(Function<String, Path> place, List<FileDigest> files) {
        this.place = place;
        this.files = files;
    }

    /**
     * Reads a checkpoint's folder or a text once: what the server would refuse of a checkpoint is refused before a byte
     * is sent.
     *
     * @param digests remembers what was read before
     */
    public static Upload of(Path source, Path digests, Console console) {
        return Files.isDirectory(source) ? ofModel(source, digests, console) : ofText(source);
    }

    /** As {@link #of}, of the folder of a result, with what Quern wrote about it. */
    static Upload ofResult(Path folder, Path digests, Console console) {
        try (CompressedCheckpoint result = CompressedCheckpoint.open(folder)) {
            List<String> documents = Stream.of(Report.NAME, Manifest.NAME)
                    .filter(result.checkpoint()::hasFile)
                    .toList();
            Upload model = read(folder, result.checkpoint(), digests, console);
            List<FileDigest> files = new ArrayList<>(model.files);
            files.addAll(FileDigests.of(result.checkpoint(), documents, bytes -> {}, () -> false));
            return new Upload(model.place, files);
        }
    }

    private static Upload ofText(Path file) {
        try (DigestInputStream content = new DigestInputStream(Files.newInputStream(file), Digests.sha256())) {
            long size = content.transferTo(OutputStream.nullOutputStream());
            String sha256 = Digests.hex(content.getMessageDigest().digest());
            // Unlike the files of a checkpoint, a text is not looked up by its name.
            String name = OTHER.matcher(file.getFileName().toString()).replaceAll("_");
            return new Upload(_ -> file, List.of(new FileDigest(name, size, sha256)));
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_DATASET, file + ": cannot be read, " + e + " (expected: a readable file)", e);
        }
    }

    private static Upload ofModel(Path model, Path digests, Console console) {
        try (Checkpoint checkpoint = Checkpoint.open(model)) {
            Architectures.of(checkpoint.config()).check(checkpoint);
            return read(model, checkpoint, digests, console);
        }
    }

    private static Upload read(Path model, Checkpoint checkpoint, Path digests, Console console) {
        try (TransferLine line = new TransferLine(console, "reading", bytes(model, checkpoint.files()))) {
            return new Upload(
                    model::resolve,
                    ModelDigest.of(checkpoint, digests, line, () -> false).files());
        }
    }

    private static long bytes(Path model, List<String> names) {
        return names.stream()
                .mapToLong(name -> model.resolve(name).toFile().length())
                .sum();
    }

    /** A digest over all files; the same for the same model, wherever it is. */
    String digest() {
        return FileDigest.combined(files);
    }

    /** Returns the id of the completed upload. */
    public String send(Api api, Console console) throws InterruptedException {
        UploadView upload = api.openUpload(new UploadView.Request(files.stream()
                .map(file -> new UploadView.Item(file.name(), file.size(), file.sha256()))
                .toList()));
        long present = upload.files().stream().filter(UploadView.File::present).count();
        if (present > 0) {
            console.say("the server has " + present + " of " + upload.files().size() + " files already");
        }
        long total = files.stream().mapToLong(FileDigest::size).sum();
        try (TransferLine line = new TransferLine(console, "uploading", total);
                ExecutorService threads =
                        Executors.newFixedThreadPool(AT_ONCE, Thread.ofVirtual().factory())) {
            Transfer transfer = new Transfer(api, upload.id(), line, threads);
            for (UploadView.File file : upload.files()) {
                transfer.send(file);
            }
        }
        return api.completeUpload(upload.id()).id();
    }

    /** One run of a command. */
    private final class Transfer {
        private final Api api;
        private final PartSender sender;
        private final String id;
        private final TransferLine line;
        private final ExecutorService threads;

        Transfer(Api api, String id, TransferLine line, ExecutorService threads) {
            this.api = api;
            this.sender = api.sender();
            this.id = id;
            this.line = line;
            this.threads = threads;
        }

        void send(UploadView.File file) throws InterruptedException {
            if (file.present()) {
                line.known(file.size());
                return;
            }
            int parts = (int) Math.max(1, Math.ceilDiv(file.size(), file.partSize()));
            Set<Integer> there = new TreeSet<>(file.parts());
            List<Integer> missing = new ArrayList<>();
            for (int part = 1; part <= parts; part++) {
                if (there.contains(part)) {
                    line.known(length(file, part));
                } else {
                    missing.add(part);
                }
            }
            for (int first = 0; first < missing.size(); first += ADDRESSES) {
                sendAll(file, missing.subList(first, Math.min(first + ADDRESSES, missing.size())));
            }
        }

        private static long length(UploadView.File file, int part) {
            return Math.min(file.partSize(), file.size() - (part - 1) * file.partSize());
        }

        private void sendAll(UploadView.File file, List<Integer> parts) throws InterruptedException {
            List<Callable<Void>> tasks =
                    api.partsOfUpload(id, new UploadView.PartsRequest(file.name(), parts)).parts().stream()
                            .<Callable<Void>>map(part -> () -> {
                                sendOne(file, part);
                                return null;
                            })
                            .toList();
            for (Future<Void> sent : threads.invokeAll(tasks)) {
                try {
                    sent.get();
                } catch (ExecutionException e) {
                    throw e.getCause() instanceof QuernException known
                            ? known
                            : new IllegalStateException(e.getCause());
                }
            }
        }

        private void sendOne(UploadView.File file, UploadView.Part signed) throws InterruptedException {
            UploadView.Part part = signed;
            long pause = FIRST_PAUSE_MILLIS;
            for (int attempt = 1; !sendOnce(file, part, attempt == ATTEMPTS); attempt++) {
                Thread.sleep(pause);
                pause *= 2;
                part = api.partsOfUpload(id, new UploadView.PartsRequest(file.name(), List.of(part.part())))
                        .parts()
                        .getFirst();
            }
        }

        /** False when it is worth another attempt, with another address. */
        private boolean sendOnce(UploadView.File file, UploadView.Part part, boolean last) throws InterruptedException {
            Sent sent = new Sent();
            try {
                int status = sender.send(
                        part.url(),
                        place.apply(file.name()),
                        (part.part() - 1) * file.partSize(),
                        length(file, part.part()),
                        sent);
                if (status / 100 == 2) {
                    return true;
                }
                throw new IOException("HTTP " + status);
            } catch (IOException e) {
                if (last) {
                    throw new QuernException(
                            ErrorCode.UNAVAILABLE,
                            file.name() + ": part " + part.part() + " could not be sent: " + e.getMessage()
                                    + " (run the same command again to resume)",
                            e);
                }
                sent.takeBack();
                return false;
            }
        }

        /** What one attempt sent. */
        private final class Sent implements LongConsumer {
            private long bytes;

            @Override
            public void accept(long more) {
                bytes += more;
                line.accept(more);
            }

            void takeBack() {
                line.accept(-bytes);
            }
        }
    }
}
