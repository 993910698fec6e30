package dev.quern.engine.format.quernsparse;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.safetensors.TensorChecks;
import dev.quern.engine.method.BitPacking;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Reads what {@link CodedSymbols} writes, a run at a time. May be shared by threads. */
final class CodedStreams {
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

    private final String name;
    private final byte[] bytes;
    private final int[] offsets;
    private final BitPacking packing;
    private final @Nullable PrefixTable table;

    private CodedStreams(String name, byte[] bytes, int[] offsets, BitPacking packing, @Nullable PrefixTable table) {
        this.name = name;
        this.bytes = bytes;
        this.offsets = offsets;
        this.packing = packing;
        this.table = table;
    }

    /**
     * Opens the streams of a tensor.
     *
     * @param bits of a symbol
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED for offsets that are out of order, and for lengths
     *     that are not those of a code
     */
    static CodedStreams open(Checkpoint output, String name, int runs, int bits) {
        StoredTensor data = output.tensor(name);
        if (data.type() != StoredType.U8 || data.shape().size() != 1) {
            throw damaged("%s: %s %s (expected: U8 [bytes])".formatted(name, data.type(), data.shape()));
        }
        int length = (int) Math.min(Integer.MAX_VALUE, data.data().byteSize());
        if (length > Integer.MAX_VALUE - 2 * BitPacking.SLACK) {
            throw damaged(name + ": " + data.data().byteSize() + " bytes (expected: less than 2^31)");
        }
        int[] offsets = offsets(output, name + QuernSparse.OFFSETS, runs, length);
        PrefixTable table = table(output, name + QuernSparse.LENGTHS, bits);
        return new CodedStreams(name, TensorChecks.withSlack(data), offsets, new BitPacking(bits, 1), table);
    }

    private static int[] offsets(Checkpoint output, String name, int runs, int end) {
        TensorChecks.require(output, new OutputTensor(name, StoredType.U32, List.of(runs + 1L)));
        MemorySegment data = output.tensor(name).data();
        int[] offsets = new int[runs + 1];
        long before = 0;
        for (int i = 0; i <= runs; i++) {
            long offset = Integer.toUnsignedLong(data.get(INT, (long) i * Integer.BYTES));
            long least = i == runs ? end : before;
            long most = i == 0 ? 0 : end;
            if (offset < least || offset > most) {
                throw damaged("%s[%d]: %d (expected: %s)"
                        .formatted(name, i, offset, least == most ? "" + least : least + " to " + most));
            }
            offsets[i] = (int) offset;
            before = offset;
        }
        return offsets;
    }

    private static @Nullable PrefixTable table(Checkpoint output, String name, int bits) {
        if (!output.has(name)) {
            return null;
        }
        TensorChecks.require(output, new OutputTensor(name, StoredType.U8, List.of(1L << bits)));
        return new PrefixTable(PrefixCode.read(name, output.tensor(name).data().toArray(ValueLayout.JAVA_BYTE)));
    }

    /**
     * Checks before memory is taken for them that so many symbols can be there: each takes a bit or more.
     *
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED
     */
    void requireRoom(long symbols) {
        long bits = (bytes.length - BitPacking.SLACK) * (long) Byte.SIZE;
        if (symbols > bits) {
            throw damaged("%s: %d bytes (expected: %d or more, for %d symbols)"
                    .formatted(name, bits / Byte.SIZE, Math.ceilDiv(symbols, Byte.SIZE), symbols));
        }
    }

    /**
     * Reads the symbols of a run.
     *
     * @param target of {@code count} symbols or more
     * @throws dev.quern.recipes.error.QuernException OUTPUT_DAMAGED when the run has another number of symbols
     */
    void read(int run, int count, byte[] target) {
        int from = offsets[run];
        int to = offsets[run + 1];
        long bits = table == null ? unpack(from, to, count, target) : table.decode(bytes, from, to, target, count);
        if (Math.ceilDiv(bits, Byte.SIZE) != to - from) {
            throw damaged("%s: run %d: %d bytes (expected: %s, for %d symbols)"
                    .formatted(name, run, to - from, needed(bits, to - from), count));
        }
        int used = (int) (bits % Byte.SIZE);
        if (used != 0 && (bytes[to - 1] & 0xFF) >>> used != 0) {
            throw damaged("%s: run %d: bits after the last symbol (expected: zeros)".formatted(name, run));
        }
    }

    private static String needed(long bits, int bytes) {
        return bits > (long) bytes * Byte.SIZE ? "more" : Long.toString(Math.ceilDiv(bits, Byte.SIZE));
    }

    /** The bits that so many symbols take. They are read if the run has them. */
    private long unpack(int from, int to, int count, byte[] target) {
        if (packing.rowBytes(count) == to - from) {
            byte[] own = Arrays.copyOfRange(bytes, from, to + BitPacking.SLACK);
            System.arraycopy(packing.unpack(own, 1, count), 0, target, 0, count);
        }
        return (long) count * packing.bits();
    }
}
