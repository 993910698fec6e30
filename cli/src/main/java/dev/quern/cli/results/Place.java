package dev.quern.cli.results;

import dev.quern.recipes.JobRequest.Source;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * What MODEL, --out or a text names.
 *
 * @param text a folder or file of this machine; {@code s3://bucket/prefix}, which the server reaches itself; or
 *     {@code file:///path}, a folder or file of the server
 */
public record Place(String text) {
    private static final Pattern OBJECTS = Pattern.compile("s3://[a-z0-9][a-z0-9.-]+/.*[^/].*");

    public boolean isObjects() {
        return text.startsWith("s3:");
    }

    boolean isOfServer() {
        return text.startsWith("file:");
    }

    public boolean isLocal() {
        return !isObjects() && !isOfServer();
    }

    public Path local() {
        return Path.of(text).toAbsolutePath().normalize();
    }

    /** @throws QuernException INVALID_REQUEST for an address that misses something */
    public String objects() {
        if (!OBJECTS.matcher(text).matches()) {
            throw invalid("s3://bucket/prefix");
        }
        return text;
    }

    Path ofServer() {
        try {
            return Path.of(URI.create(text));
        } catch (IllegalArgumentException e) {
            throw invalid("file:///path");
        }
    }

    /**
     * As a request names it.
     *
     * @param local how the server comes to a file or folder of this machine
     */
    public Source source(Function<Path, Source> local) {
        if (isObjects()) {
            return Source.objects(objects());
        }
        return isOfServer() ? Source.onServer(ofServer().toString()) : local.apply(local());
    }

    /** As a request names a checkpoint; throws as {@link #folder} for one of this machine. */
    public Source checkpoint(Function<Path, Source> local) {
        return isLocal() ? local.apply(folder()) : source(local);
    }

    /**
     * A checkpoint on this machine.
     *
     * @throws QuernException INVALID_CHECKPOINT for what is no folder, with a hint where it looks like a name on the
     *     hub
     */
    public Path folder() {
        if (!isLocal()) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, text + ": not on this machine (expected: a folder of it)");
        }
        if (!Files.isDirectory(local())) {
            boolean hub = text.matches("[\\w.-]+/[\\w.-]+") && !text.startsWith(".");
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT,
                    text + ": no such folder (expected: a checkpoint"
                            + (hub
                                    ? "; fetch one of the Hugging Face hub first: hf download " + text + " --local-dir "
                                            + name()
                                    : "")
                            + ")");
        }
        return local();
    }

    /** The last part of it. */
    public String name() {
        String path = isLocal() ? local().toString() : text.replaceAll("/+$", "");
        String name = path.substring(path.lastIndexOf('/') + 1);
        return name.isEmpty() ? "model" : name;
    }

    private QuernException invalid(String expected) {
        return new QuernException(ErrorCode.INVALID_REQUEST, text + ": incomplete (expected: " + expected + ")");
    }
}
