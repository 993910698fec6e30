package dev.quern.engine.verify;

import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;

/** Makes and reads {@code quern-manifest.json}. */
public final class Manifests {
    private static final int MAX_BYTES = 64 << 20;
    /** Relative, and never up. */
    private static final Pattern NAME = Pattern.compile("(?!.*(^|/)\\.\\.?(/|$))[^/\\\\\\p{Cntrl}][^\\\\\\p{Cntrl}]*");

    private Manifests() {}

    /** The model card. */
    public static final String CARD = "README.md";

    /** True for the files that Quern adds for people: not part of the output digest. */
    public static boolean isReport(String name) {
        return name.startsWith("quern-") || name.equals(CARD);
    }

    /** The digest over the files that a loader reads. */
    public static String outputDigest(Collection<FileDigest> files) {
        return FileDigest.combined(
                files.stream().filter(file -> !isReport(file.name())).toList());
    }

    /**
     * @param verified the files that a loader reads, from the check of the output
     * @param reports contents by name
     * @param inPublishOrder all files
     */
    public static Manifest of(Verification verified, Map<String, byte[]> reports, List<String> inPublishOrder) {
        Map<String, Manifest.File> files = new HashMap<>();
        verified.files().forEach(f -> files.put(f.name(), new Manifest.File(f.name(), f.size(), f.sha256())));
        reports.forEach((name, bytes) -> files.put(name, report(name, bytes)));
        return new Manifest(
                Manifest.SCHEMA,
                verified.outputDigest(),
                inPublishOrder.stream().map(name -> required(files, name)).toList());
    }

    /**
     * Makes the manifest of a report alone.
     *
     * @param resultDigest of the result that it is about
     * @param reports contents by name
     * @param inPublishOrder all files
     */
    public static Manifest ofReport(String resultDigest, Map<String, byte[]> reports, List<String> inPublishOrder) {
        return new Manifest(
                Manifest.SCHEMA,
                resultDigest,
                inPublishOrder.stream()
                        .map(name -> report(name, Objects.requireNonNull(reports.get(name), name)))
                        .toList());
    }

    private static Manifest.File report(String name, byte[] content) {
        return new Manifest.File(name, content.length, Digests.sha256(content));
    }

    /** The same output with other reports: those that it has and that are named here. */
    public static Manifest with(Manifest manifest, Map<String, byte[]> reports) {
        return new Manifest(
                manifest.schema(),
                manifest.outputDigest(),
                manifest.files().stream()
                        .map(file -> {
                            byte[] bytes = reports.get(file.name());
                            return bytes == null ? file : report(file.name(), bytes);
                        })
                        .toList());
    }

    private static Manifest.File required(Map<String, Manifest.File> files, String name) {
        Manifest.File file = files.get(name);
        if (file == null) {
            throw new IllegalArgumentException("file: " + name + " (expected one of: " + files.keySet() + ")");
        }
        return file;
    }

    /** As the file holds it. */
    public static byte[] write(Manifest manifest) {
        return (Json.writePretty(RecordCodec.write(manifest)) + "\n").getBytes(StandardCharsets.UTF_8);
    }

    /** @throws QuernException OUTPUT_DAMAGED when it is missing, cannot be read, or names a file outside its folder */
    public static Manifest read(Path folder) {
        Path file = folder.resolve(Manifest.NAME);
        if (!Files.isRegularFile(file)) {
            throw damaged("missing (expected: in " + folder + "; an output without it is not complete)");
        }
        try {
            Manifest manifest = parse(Files.readAllBytes(file));
            manifest.files().forEach(Manifests::check);
            return manifest;
        } catch (IOException e) {
            throw damaged(e + " (expected: a readable file)");
        }
    }

    /**
     * A manifest as its file holds it; its names may be any.
     *
     * @throws QuernException OUTPUT_DAMAGED when it cannot be read
     */
    public static Manifest parse(byte[] bytes) {
        try {
            Manifest manifest =
                    RecordCodec.read(Json.parse(bytes, MAX_BYTES), Manifest.class, ErrorCode.OUTPUT_DAMAGED);
            if (!manifest.schema().equals(Manifest.SCHEMA)) {
                throw damaged("schema: " + manifest.schema() + " (expected: " + Manifest.SCHEMA + ")");
            }
            return manifest;
        } catch (JsonException e) {
            throw e.in(Manifest.NAME, ErrorCode.OUTPUT_DAMAGED);
        }
    }

    private static void check(Manifest.File file) {
        if (!NAME.matcher(file.name()).matches()) {
            throw damaged("files: " + file.name() + " (expected: a name inside the output)");
        }
    }

    private static QuernException damaged(String message) {
        return new QuernException(ErrorCode.OUTPUT_DAMAGED, Manifest.NAME + ": " + message);
    }
}
