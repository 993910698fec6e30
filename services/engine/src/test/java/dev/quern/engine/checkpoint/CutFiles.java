package dev.quern.engine.checkpoint;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/**
 * A folder as a distant place shows it: passes files by in pieces, copies what is mapped, lists more than a
 * checkpoint's files.
 */
final class CutFiles implements CheckpointFiles {
    final List<Range> expected = new ArrayList<>();
    boolean closed;

    private final FolderFiles folder;
    private final int piece;

    CutFiles(FolderFiles folder, int piece) {
        this.folder = folder;
        this.piece = piece;
    }

    @Override
    public String location() {
        return "s3://bucket/model";
    }

    @Override
    public List<String> names() {
        List<String> names = new ArrayList<>(folder.names());
        names.addAll(List.of("original/consolidated.00.pth", ".gitattributes", "additional_chat_templates/.x"));
        return names;
    }

    @Override
    public Version version(String name) {
        return new Version(folder.version(name).size(), "etag", true);
    }

    @Override
    public byte[] read(String name, long offset, int length) {
        return folder.read(name, offset, length);
    }

    @Override
    public void stream(String name, Sink sink) {
        folder.stream(name, (buffer, length) -> {
            for (int at = 0; at < length; at += piece) {
                int size = Math.min(piece, length - at);
                byte[] copy = new byte[size];
                System.arraycopy(buffer, at, copy, 0, size);
                sink.accept(copy, size);
            }
        });
    }

    @Override
    public MemorySegment map(String name, long offset, long length, Arena arena) {
        return arena.allocate(length).copyFrom(folder.map(name, offset, length, arena));
    }

    @Override
    public void expect(Collection<Range> ranges) {
        expected.addAll(ranges);
    }

    @Override
    public void close() {
        closed = true;
        folder.close();
    }
}
