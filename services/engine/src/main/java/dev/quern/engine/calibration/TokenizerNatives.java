package dev.quern.engine.calibration;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

/** Loads the native tokenizer out of the binding's own jar, and from nowhere else. */
final class TokenizerNatives {
    private TokenizerNatives() {}

    static TokenizersLibrary load() {
        String resource = "/native/lib/" + platform() + "/cpu/" + System.mapLibraryName("tokenizers");
        try (InputStream library = TokenizersLibrary.class.getResourceAsStream(resource)) {
            if (library == null) {
                throw new UnsupportedOperationException(
                        "tokenizers: no native library " + resource + " (expected: Linux or macOS on x86_64 or arm64)");
            }
            loadCopy(library);
            return TokenizersLibrary.LIB;
        } catch (IOException e) {
            throw new UncheckedIOException("tokenizers: cannot unpack into " + System.getProperty("java.io.tmpdir"), e);
        }
    }

    @SuppressWarnings("restricted") // native code is what this class is for
    private static void loadCopy(InputStream library) throws IOException {
        Path folder = Files.createTempDirectory("quern-tokenizers");
        Path file = folder.resolve(System.mapLibraryName("tokenizers"));
        try {
            Files.copy(library, file);
            System.load(file.toString());
        } finally {
            // What is mapped stays mapped; nothing is left behind for others to change.
            Files.deleteIfExists(file);
            Files.deleteIfExists(folder);
        }
    }

    private static String platform() {
        String os = System.getProperty("os.name").startsWith("Mac") ? "osx" : "linux";
        String arch = switch (System.getProperty("os.arch").toLowerCase(Locale.ROOT)) {
            case "amd64", "x86_64" -> "x86_64";
            case "arm64", "aarch64" -> "aarch64";
            default -> System.getProperty("os.arch");
        };
        return os + "-" + arch;
    }
}
