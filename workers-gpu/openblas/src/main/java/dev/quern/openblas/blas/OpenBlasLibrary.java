package dev.quern.openblas.blas;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import dev.quern.engine.natives.NativeLibraries;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import java.lang.invoke.MethodHandle;
import java.util.List;

/**
 * Finds OpenBLAS and sets it to one thread per call. Its functions are in {@link Blas}. OpenBLAS chooses its kernels by
 * the processor, or by OPENBLAS_CORETYPE where that is set: what it chose is part of the numeric profile.
 */
@SuppressWarnings("restricted") // the one class that loads a native library
public final class OpenBlasLibrary {
    private static final Linker LINKER = Linker.nativeLinker();

    private final SymbolLookup symbols;

    private OpenBlasLibrary(SymbolLookup symbols) {
        this.symbols = symbols;
    }

    /** @throws QuernException when there is no library for this machine; the backend does not fall back */
    static OpenBlasLibrary load() {
        try {
            NativeLibraries.load(OpenBlasLibrary.class, resources());
            OpenBlasLibrary library = new OpenBlasLibrary(SymbolLookup.loaderLookup());
            library.function("openblas_set_num_threads", FunctionDescriptor.ofVoid(JAVA_INT))
                    .invokeExact(1);
            return library;
        } catch (Throwable e) {
            throw new QuernException(ErrorCode.NATIVE_LIBRARY, "openblas: " + e.getMessage(), e);
        }
    }

    /** The Fortran runtime, from below, and OpenBLAS itself, as JavaCPP's presets lay them into their jars. */
    private static List<String> resources() {
        boolean mac = System.getProperty("os.name").startsWith("Mac");
        boolean arm = System.getProperty("os.arch").equals("aarch64");
        String folder = "/org/bytedeco/openblas/" + (mac ? "macosx-" : "linux-") + (arm ? "arm64/" : "x86_64/");
        List<String> files;
        if (mac) {
            files = List.of("libgcc_s.1.1.dylib", "libquadmath.0.dylib", "libgfortran.5.dylib", "libopenblas.0.dylib");
        } else if (arm) {
            files = List.of("libgcc_s.so.1", "libgfortran.so.5", "libopenblas.so.0");
        } else {
            files = List.of("libgcc_s.so.1", "libquadmath.so.0", "libgfortran.so.5", "libopenblas.so.0");
        }
        return files.stream().map(folder::concat).toList();
    }

    /** For example {@code OpenBLAS 0.3.31 (SkylakeX)}. */
    public String version() {
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
}
