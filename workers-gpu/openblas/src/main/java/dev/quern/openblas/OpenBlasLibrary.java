package dev.quern.openblas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.recipes.ErrorCode;
import dev.quern.recipes.QuernException;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.bytedeco.javacpp.Loader;

/**
 * Finds OpenBLAS and sets it to one thread per call. Its functions are in {@link Blas}. OpenBLAS chooses its kernels by the processor,
 * or by OPENBLAS_CORETYPE where that is set: what it chose is part of the numeric profile.
 */
@SuppressWarnings("restricted") // the one class that loads a native library
final class OpenBlasLibrary {
    private static final Linker LINKER = Linker.nativeLinker();

    private final SymbolLookup symbols;

    private OpenBlasLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /** @throws QuernException when there is no library for this machine; the backend does not fall back */
    static OpenBlasLibrary load() {
        try {
            // The smallest of the three bindings: it loads the library itself and the Fortran runtime below it.
            Path binding = Path.of(Loader.load(org.bytedeco.openblas.global.openblas_nolapack.class));
            OpenBlasLibrary library = new OpenBlasLibrary(SymbolLookup.libraryLookup(library(binding), Arena.global()));
            library.function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT))
                    .invokeExact(1);
            return library;
        } catch (Throwable e) {
            throw new QuernException(ErrorCode.INTERNAL, "openblas: could not be loaded (" + e.getMessage() + ")", e);
        }
    }

    /** For example {@code OpenBLAS 0.3.31 (SkylakeX)}. */
    String version() {
        // "OpenBLAS 0.3.31 DYNAMIC_ARCH NO_AFFINITY SkylakeX MAX_THREADS=64"
        String[] words = text("openblas_get_config").split(" ", 3);
        return words[0] + " " + words[1] + " (" + text("openblas_get_corename") + ")";
    }

    MethodHandle function(String name, FunctionDescriptor descriptor) {
        return LINKER.downcallHandle(symbols.findOrThrow(name), descriptor);
    }

    private String text(String name) {
        try {
            MemorySegment text = (MemorySegment)
                    function(name, FunctionDescriptor.of(ADDRESS)).invokeExact();
            return text.reinterpret(Long.MAX_VALUE).getString(0);
        } catch (Throwable e) {
            throw new IllegalStateException(name, e);
        }
    }

    private static Path library(Path binding) throws IOException {
        try (Stream<Path> files = Files.list(binding.resolveSibling(""))) {
            return files.filter(file -> file.getFileName().toString().startsWith("libopenblas."))
                    .min(Path::compareTo)
                    .orElseThrow(() -> new IOException("no libopenblas beside " + binding));
        }
    }
}
