package dev.quern.engine.tokenizer;

import ai.djl.huggingface.tokenizers.jni.TokenizersLibrary;
import dev.quern.engine.natives.NativeLibraries;
import java.util.List;
import java.util.Locale;

/** Loads the native tokenizer out of the binding's own jar, and from nowhere else. */
final class TokenizerNatives {
    private static boolean loaded;

    private TokenizerNatives() {}

    /**
     * Loads it when it is first needed.
     *
     * @throws dev.quern.recipes.error.QuernException when this machine cannot load it
     */
    static synchronized TokenizersLibrary library() {
        if (!loaded) {
            String resource = "/native/lib/" + platform() + "/cpu/" + System.mapLibraryName("tokenizers");
            NativeLibraries.load(TokenizersLibrary.class, List.of(resource));
            loaded = true;
        }
        return TokenizersLibrary.LIB;
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
