package dev.quern.engine.artifact;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * H of one work unit, or a factor of the sketch of a linear, summed over one run of tiles, as an artifact: float64,
 * little-endian. The matrix is symmetric, so only its lower triangle is stored, in panels: the rows [from, to) of the
 * columns [0, to), for each run of {@value #PANEL} rows.
 */
public final class StatisticsArtifact {
    /** Rows of a panel: a few megabytes of the widest matrices. */
    static final int PANEL = 64;

    private record Shape(int cols, long tokens) {}

    private StatisticsArtifact() {}

    /** A panel of H. */
    @FunctionalInterface
    public interface Panel {
        /** @param values [to - from, to], valid during the call; to be filled by a source, to be read by a sink */
        void at(int from, int to, MemorySegment values);
    }

    /** Bytes of the payload. */
    public static long bytes(int cols) {
        long elements = 0;
        for (int from = 0; from < cols; from += PANEL) {
            int to = Math.min(cols, from + PANEL);
            elements += (long) (to - from) * to;
        }
        return elements * Double.BYTES;
    }

    /**
     * Writes a new file.
     *
     * @param cols of H
     * @param tokens that were summed; windows of a sketch
     */
    public static void write(Path file, ArtifactName name, int cols, long tokens, Panel source) {
        ArtifactFile.write(
                file,
                Provenance.STATISTICS_SCHEMA,
                name,
                RecordCodec.writeObject(new Shape(cols, tokens)),
                new Triangle(cols, source));
    }

    /**
     * Gives the panels of an artifact to a sink, once all of it was checked.
     *
     * @return the tokens that were summed, or the windows
     * @throws DamagedArtifactException when the file is not what was written
     */
    public static long read(Path file, ArtifactName name, int cols, Panel sink) {
        try (ArtifactFile open = ArtifactFile.open(file, Provenance.STATISTICS_SCHEMA, name)) {
            Shape shape = RecordCodec.read(open.content(), Shape.class, ErrorCode.INTERNAL);
            if (shape.cols() != cols || open.payload().byteSize() != bytes(cols)) {
                throw new DamagedArtifactException(name, shape + " (expected: " + cols + " columns)");
            }
            long at = 0;
            for (int from = 0; from < cols; from += PANEL) {
                int to = Math.min(cols, from + PANEL);
                long size = panelBytes(from, to);
                sink.at(from, to, open.payload().asSlice(at, size));
                at += size;
            }
            return shape.tokens();
        }
    }

    private static long panelBytes(int from, int to) {
        return (long) (to - from) * to * Double.BYTES;
    }

    private record Triangle(int cols, Panel source) implements ArtifactFile.Payload {
        @Override
        public long size() {
            return bytes(cols);
        }

        @Override
        public void writeTo(ArtifactFile.Sink sink) throws IOException {
            try (Arena arena = Arena.ofShared()) {
                MemorySegment buffer = arena.allocate(panelBytes(Math.max(0, cols - PANEL), cols), Double.BYTES);
                for (int from = 0; from < cols; from += PANEL) {
                    int to = Math.min(cols, from + PANEL);
                    MemorySegment panel = buffer.asSlice(0, panelBytes(from, to));
                    source.at(from, to, panel);
                    sink.put(panel.asByteBuffer());
                }
            }
        }
    }
}
