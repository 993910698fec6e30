package dev.quern.bench;

import static java.nio.charset.StandardCharsets.ISO_8859_1;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.channels.FileChannel;
import java.nio.channels.FileChannel.MapMode;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** NumPy's format 1.0 for one float32 matrix, so that other programs can read what we generate. */
final class NpyFile {
    /** Magic, version, header length and header: padded so that the data is aligned. */
    private static final int HEADER = 128;

    private static final int PREFIX = 10;

    private NpyFile() {}

    static void write(Path file, Tensor matrix) throws IOException {
        HostTensor source = HostTensor.of(matrix);
        String text =
                "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }".formatted(source.rows(), source.cols());
        String padded = text + " ".repeat(HEADER - PREFIX - 1 - text.length()) + "\n";
        String prefix = "\u0093NUMPY\u0001\u0000" + (char) (HEADER - PREFIX) + '\u0000';
        try (FileChannel channel = FileChannel.open(
                        file,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.TRUNCATE_EXISTING,
                        StandardOpenOption.READ,
                        StandardOpenOption.WRITE);
                Arena arena = Arena.ofConfined()) {
            long bytes = 4L * source.rows() * source.cols();
            MemorySegment memory = channel.map(MapMode.READ_WRITE, 0, HEADER + bytes, arena);
            memory.copyFrom(MemorySegment.ofArray((prefix + padded).getBytes(ISO_8859_1)));
            memory.asSlice(HEADER).copyFrom(source.memory().asSlice(source.byteAt(0, 0), bytes));
        }
    }

    /** Reads a matrix that {@link #write} wrote; its shape is the caller's to know. */
    static Tensor read(Path file, Arena arena, int rows, int cols) throws IOException {
        try (FileChannel channel = FileChannel.open(file)) {
            MemorySegment memory = channel.map(MapMode.READ_ONLY, 0, channel.size(), arena);
            return HostTensor.over(memory.asSlice(HEADER), DType.F32, rows, cols);
        }
    }
}
