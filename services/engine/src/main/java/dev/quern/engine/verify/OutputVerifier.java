package dev.quern.engine.verify;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.LinearsByBlock;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.LongConsumer;
import java.util.function.Supplier;
import java.util.stream.Stream;

/** Reads an output back: digests, headers, shapes, ties, and every code, zero point and scale. */
public final class OutputVerifier {
    private OutputVerifier() {}

    /**
     * Checks a published output by its manifest.
     *
     * @param progress told the bytes that are read, by any thread
     * @throws QuernException OUTPUT_DAMAGED that names the file or tensor, the value and what was expected
     */
    public static Verification verify(Path folder, LongConsumer progress, Cancellation cancellation) {
        Manifest manifest = Manifests.read(folder);
        checkFiles(folder, manifest);
        return asOutput(() -> {
            try (OutputReader output = OutputFormats.open(folder)) {
                List<String> names =
                        manifest.files().stream().map(Manifest.File::name).toList();
                List<FileDigest> files = output.digests(names, progress, cancellation);
                checkDigests(manifest, files);
                return new OutputCheck(output, output.architecture())
                        .check(loaderFiles(files), (block, linear) -> {}, cancellation);
            }
        });
    }

    /**
     * Checks what was assembled against what it was assembled from, before it may be published: every linear code for
     * code, every other tensor and side file byte for byte.
     *
     * @param assembly what it was assembled from
     * @throws QuernException OUTPUT_DAMAGED as {@link #verify}
     */
    public static Verification verifyAssembled(
            OutputFormat format,
            Path folder,
            Assembled assembled,
            Assembly assembly,
            LongConsumer progress,
            Cancellation cancellation) {
        return asOutput(() -> {
            try (OutputReader output = format.open(folder)
                    .orElseThrow(() -> damaged(folder + ": of another format (expected: " + format.name() + ")"))) {
                List<FileDigest> files = output.digests(assembled.files(), progress, cancellation);
                Verification verified = new OutputCheck(output, assembly.model().architecture())
                        .check(files, new Comparison(new LinearsByBlock(assembly.compressed())), cancellation);
                output.compareOthers(assembly.source(), assembly.model());
                return verified;
            }
        });
    }

    /** A damaged output looks like a damaged checkpoint to the reader, and must not be taken for a user's. */
    private static Verification asOutput(Supplier<Verification> check) {
        try {
            return check.get();
        } catch (QuernException e) {
            throw e.code() == ErrorCode.OUTPUT_DAMAGED
                    ? e
                    : new QuernException(ErrorCode.OUTPUT_DAMAGED, String.valueOf(e.getMessage()), e);
        }
    }

    static void checkFiles(Path folder, Manifest manifest) {
        for (Manifest.File file : manifest.files()) {
            Path path = folder.resolve(file.name());
            try {
                if (!Files.isRegularFile(path)) {
                    throw damaged(file.name() + ": missing (expected: as " + Manifest.NAME + " says)");
                }
                if (Files.size(path) != file.size()) {
                    throw damaged("%s: %d bytes (expected: %d, as %s says)"
                            .formatted(file.name(), Files.size(path), file.size(), Manifest.NAME));
                }
            } catch (IOException e) {
                throw damaged(file.name() + ": " + e.getMessage() + " (expected: a readable file)");
            }
        }
        refuseForeignWeights(folder, manifest);
    }

    /** Loaders take every safetensors file that they find. */
    private static void refuseForeignWeights(Path folder, Manifest manifest) {
        List<String> known = manifest.files().stream().map(Manifest.File::name).toList();
        try (Stream<Path> files = Files.list(folder)) {
            files.map(file -> folder.relativize(file).toString())
                    .filter(name -> name.contains(".safetensors") && !known.contains(name))
                    .sorted()
                    .findFirst()
                    .ifPresent(name -> {
                        throw damaged(name + ": not in " + Manifest.NAME + " (expected: no other weights)");
                    });
        } catch (IOException e) {
            throw damaged(folder + ": " + e.getMessage() + " (expected: a readable folder)");
        }
    }

    private static void checkDigests(Manifest manifest, List<FileDigest> files) {
        for (int i = 0; i < files.size(); i++) {
            requireDigest(manifest.files().get(i), files.get(i).sha256());
        }
        String digest = Manifests.outputDigest(files);
        if (!digest.equals(manifest.outputDigest())) {
            throw damaged("%s: outputDigest: %s (expected: %s, that of its files)"
                    .formatted(Manifest.NAME, manifest.outputDigest(), digest));
        }
    }

    static void requireDigest(Manifest.File expected, String sha256) {
        if (!sha256.equals(expected.sha256())) {
            throw damaged("%s: SHA-256 %s (expected: %s, as %s says)"
                    .formatted(expected.name(), sha256, expected.sha256(), Manifest.NAME));
        }
    }

    private static List<FileDigest> loaderFiles(List<FileDigest> files) {
        return files.stream().filter(file -> !Manifests.isReport(file.name())).toList();
    }

    /** Compares with the original result, linear by linear. */
    private record Comparison(LinearsByBlock linears) implements OutputCheck.LinearVisitor {
        @Override
        public void visit(int block, CompressedLinear written) {
            CompressedLinear original = linears.find(block, written.id());
            if (original == null || !same(original, written)) {
                throw damaged(
                        written.id() + ": differs from what was compressed (expected: equal codes, zeros, scales)");
            }
        }

        private static boolean same(CompressedLinear a, CompressedLinear b) {
            return a.rows() == b.rows() && a.cols() == b.cols() && a.core().sameAs(b.core());
        }
    }
}
