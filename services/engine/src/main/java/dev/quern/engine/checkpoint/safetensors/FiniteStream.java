package dev.quern.engine.checkpoint.safetensors;

import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.lang.foreign.MemorySegment;
import java.util.Comparator;
import java.util.List;

/**
 * Looks for weights that are not finite in a safetensors file that passes by, so that every byte is read once, for its
 * digest and for this. An element may be cut by the end of a chunk.
 */
public final class FiniteStream implements CheckpointFiles.Sink {
    private final SafetensorsFile file;
    private final List<TensorEntry> tensors;
    private final byte[] cut = new byte[Long.BYTES];
    private int cutLength;
    private long at;
    private int next;

    public FiniteStream(SafetensorsFile file) {
        this.file = file;
        this.tensors = file.entries().values().stream()
                .filter(entry -> entry.type().isWeight() && entry.bytes() > 0)
                .sorted(Comparator.comparingLong(TensorEntry::begin))
                .toList();
    }

    /**
     * @throws dev.quern.recipes.error.QuernException NON_FINITE_WEIGHTS that names the first such tensor and element
     */
    @Override
    public void accept(byte[] buffer, int length) {
        MemorySegment chunk = MemorySegment.ofArray(buffer).asSlice(0, length);
        while (next < tensors.size() && begin(tensors.get(next)) < at + length) {
            TensorEntry tensor = tensors.get(next);
            long from = Math.max(begin(tensor), at);
            long end = begin(tensor) + tensor.bytes();
            long to = Math.min(end, at + length);
            scan(tensor, from - begin(tensor), chunk.asSlice(from - at, to - from));
            if (to < end) {
                break;
            }
            next++;
        }
        at += length;
    }

    private long begin(TensorEntry tensor) {
        return file.dataStart() + tensor.begin();
    }

    /** @param offset of the part in the tensor */
    private void scan(TensorEntry tensor, long offset, MemorySegment part) {
        int width = tensor.type().bits() / Byte.SIZE;
        int head = cutLength == 0 ? 0 : (int) Math.min(width - cutLength, part.byteSize());
        keep(part.asSlice(0, head));
        if (cutLength == width) {
            check(
                    tensor,
                    (offset + head) / width - 1,
                    MemorySegment.ofArray(cut).asSlice(0, width));
            cutLength = 0;
        }
        long whole = (part.byteSize() - head) / width * width;
        check(tensor, (offset + head) / width, part.asSlice(head, whole));
        keep(part.asSlice(head + whole));
    }

    private void keep(MemorySegment bytes) {
        MemorySegment.copy(bytes, 0, MemorySegment.ofArray(cut), cutLength, bytes.byteSize());
        cutLength += (int) bytes.byteSize();
    }

    /** @param first index of the first element in these bytes */
    private void check(TensorEntry tensor, long first, MemorySegment elements) {
        long element = FiniteScan.firstNonFinite(tensor.type(), elements);
        if (element >= 0) {
            float value = FiniteScan.value(tensor.type(), elements, element);
            throw FiniteScan.refusal(file.name(), tensor, first + element, value);
        }
    }
}
