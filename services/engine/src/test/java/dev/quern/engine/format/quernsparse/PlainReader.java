package dev.quern.engine.format.quernsparse;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Reads codes and scales bit by bit as docs/formats.md says, and shares no line with the reader of the engine.
 * Everything is taken at its word.
 */
record PlainReader(Checkpoint output, String module, int bits) {
    /** @param zeros the code of zero of each weight, [rows, cols] */
    int[] codes(int rows, int cols, int[] zeros) {
        int[] codes = new int[rows * cols];
        int rowsOfRun = Math.max(1, 65536 / cols);
        int maskBytes = (cols + 7) / 8;
        for (int run = 0; run * rowsOfRun < rows; run++) {
            int first = run * rowsOfRun;
            int last = Math.min(rows, first + rowsOfRun);
            boolean masked = output.has(module + ".weight_mask");
            Bits mask = masked ? new Bits(".weight_mask", 8, run) : null;
            Bits stream = new Bits(".weight", bits, run);
            for (int r = first; r < last; r++) {
                int eight = 0;
                for (int c = 0; c < maskBytes * 8; c++) {
                    eight = mask != null && c % 8 == 0 ? mask.next() : eight;
                    if (c < cols) {
                        boolean kept = mask == null || (eight >> c % 8 & 1) == 1;
                        codes[r * cols + c] = kept ? stream.next() : zeros[r * cols + c];
                    }
                }
            }
        }
        return codes;
    }

    /** Bytes of coded scales, the lowest one first. */
    byte[] scales(int rows, int cols, int groups, int width) {
        byte[] scales = new byte[rows * groups * width];
        int rowsOfRun = Math.max(1, 65536 / cols);
        for (int plane = 0; plane < width; plane++) {
            for (int run = 0; run * rowsOfRun < rows; run++) {
                Bits stream = new Bits(".weight_scale_byte" + plane, 8, run);
                int end = Math.min(rows, (run + 1) * rowsOfRun) * groups;
                for (int i = run * rowsOfRun * groups; i < end; i++) {
                    scales[i * width + plane] = (byte) stream.next();
                }
            }
        }
        return scales;
    }

    private byte[] bytes(String suffix) {
        StoredTensor tensor = output.tensor(module + suffix);
        return tensor.data().toArray(ValueLayout.JAVA_BYTE);
    }

    /** The stream of a run. */
    private final class Bits {
        private final byte[] stream;
        private final byte[] lengths;
        private final int width;
        private long position;

        Bits(String suffix, int width, int run) {
            this.stream = bytes(suffix);
            this.width = width;
            ByteBuffer offsets = ByteBuffer.wrap(bytes(suffix + "_offsets")).order(ByteOrder.LITTLE_ENDIAN);
            this.position = 8L * offsets.getInt(4 * run);
            this.lengths = output.has(module + suffix + "_lengths") ? bytes(suffix + "_lengths") : new byte[0];
        }

        int next() {
            return lengths.length == 0 ? packed() : coded();
        }

        private int bit() {
            int bit = stream[(int) (position / 8)] >> position % 8 & 1;
            position++;
            return bit;
        }

        private int packed() {
            int symbol = 0;
            for (int i = 0; i < width; i++) {
                symbol |= bit() << i;
            }
            return symbol;
        }

        /** Words of one length are consecutive numbers, their first bit highest. */
        private int coded() {
            int word = 0;
            int firstWord = 0;
            for (int length = 1; ; length++) {
                word = word << 1 | bit();
                firstWord <<= 1;
                int index = word - firstWord;
                int count = 0;
                for (int symbol = 0; symbol < lengths.length; symbol++) {
                    if (lengths[symbol] == length) {
                        if (count == index) {
                            return symbol;
                        }
                        count++;
                    }
                }
                firstWord += count;
            }
        }
    }
}
