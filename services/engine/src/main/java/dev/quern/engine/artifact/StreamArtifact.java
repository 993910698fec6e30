package dev.quern.engine.artifact;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/**
 * Part of a stream's position as an artifact: the hidden states of one tile at one block boundary, bf16 [tokens,
 * hidden], or the gradient by them in a backend's working type.
 */
public final class StreamArtifact {
    private static final long CHUNK = 1 << 24;

    private record Shape(long tokens, int hidden) {}

    private StreamArtifact() {}

    /** @param states [tokens, hidden] */
    public static void write(Path file, ArtifactName name, MemorySegment states, long tokens, int hidden) {
        ArtifactFile.write(
                file,
                Provenance.STREAM_SCHEMA,
                name,
                RecordCodec.writeObject(new Shape(tokens, hidden)),
                new States(states));
    }

    /**
     * Copies the states of an artifact into {@code target}.
     *
     * @throws DamagedArtifactException when the file is not what was written; target then holds anything
     */
    public static void read(Path file, ArtifactName name, MemorySegment target, long tokens, int hidden) {
        try (ArtifactFile open = ArtifactFile.open(file, Provenance.STREAM_SCHEMA, name)) {
            Shape shape = RecordCodec.read(open.content(), Shape.class, ErrorCode.INTERNAL);
            if (!shape.equals(new Shape(tokens, hidden)) || open.payload().byteSize() != target.byteSize()) {
                throw new DamagedArtifactException(
                        name, shape + " (expected: " + tokens + " tokens of " + hidden + ")");
            }
            target.copyFrom(open.payload());
        }
    }

    private record States(MemorySegment states) implements ArtifactFile.Payload {
        @Override
        public long size() {
            return states.byteSize();
        }

        @Override
        public void writeTo(ArtifactFile.Sink sink) throws IOException {
            for (long from = 0; from < size(); from += CHUNK) {
                sink.put(states.asSlice(from, Math.min(CHUNK, size() - from)).asByteBuffer());
            }
        }
    }
}
