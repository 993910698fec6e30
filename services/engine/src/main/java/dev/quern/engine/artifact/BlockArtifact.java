package dev.quern.engine.artifact;

import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * The compressed linears of one block, or of one work unit of it, with what is known of each. The payload holds, for
 * each linear in order, the packed codes, the zero points (one byte each) and the scales (float32), as
 * {@link BlockPayload} lays them out.
 *
 * @param block index of the block
 * @param prefix what the names of the block's modules start with, as in {@code model.layers.3.}
 */
public record BlockArtifact(int block, String prefix, List<Entry> linears) {
    /** A compressed linear, and what is known of it. */
    public record Entry(CompressedLinear linear, LinearRecord record) {}

    private record Content(int block, String prefix, List<LinearRecord> linears) {}

    public BlockArtifact {
        linears = List.copyOf(linears);
    }

    /** The records of all linears. */
    public List<LinearRecord> records() {
        return linears.stream().map(Entry::record).toList();
    }

    /** Writes a new file; equal linears give an equal payload. */
    public void write(Path file, ArtifactName name) {
        Content content = new Content(block, prefix, records());
        List<CompressedLinear> compressed = linears.stream().map(Entry::linear).toList();
        ArtifactFile.write(file, schema(name), name, RecordCodec.writeObject(content), new BlockPayload(compressed));
    }

    private static String schema(ArtifactName name) {
        return switch (name.kind()) {
            case BLOCK -> Provenance.BLOCK_SCHEMA;
            case PART -> Provenance.PART_SCHEMA;
            case STREAM, STATISTICS, GRADIENT, SKETCH ->
                throw new IllegalArgumentException(name + " (expected: a block or a part of one)");
        };
    }

    /**
     * Reads and checks a file.
     *
     * @throws DamagedArtifactException when it is not what was written
     */
    public static BlockArtifact read(Path file, ArtifactName name) {
        try (ArtifactFile open = ArtifactFile.open(file, schema(name), name)) {
            Content content = content(open);
            List<Entry> entries = new ArrayList<>();
            long at = 0;
            for (LinearRecord record : content.linears()) {
                long size = record.shape().payloadBytes(record.rows(), record.cols());
                MemorySegment part = open.payload().asSlice(at, size);
                LinearId id = new LinearId(content.prefix(), record.name());
                entries.add(new Entry(BlockPayload.read(part, id, record), record));
                at += size;
            }
            return new BlockArtifact(content.block(), content.prefix(), entries);
        } catch (IndexOutOfBoundsException e) {
            throw new DamagedArtifactException(name, "payload shorter than its linears");
        }
    }

    /**
     * Checks a file and reads only what it says of its linears.
     *
     * @throws DamagedArtifactException when it is not what was written
     */
    public static List<LinearRecord> readRecords(Path file, ArtifactName name) {
        try (ArtifactFile open = ArtifactFile.open(file, schema(name), name)) {
            return content(open).linears();
        }
    }

    private static Content content(ArtifactFile open) {
        return RecordCodec.read(open.content(), Content.class, ErrorCode.INTERNAL);
    }
}
