package dev.quern.engine.checkpoint.safetensors;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;

/** Safetensors files byte by byte, so that wrong ones can be made. */
public final class RawSafetensors {
    private RawSafetensors() {}

    /** Length, header as given, zeros as data. */
    public static Path write(Path file, String header, int dataBytes) {
        return write(file, header, new byte[dataBytes]);
    }

    public static Path write(Path file, String header, byte[] data) {
        byte[] json = header.getBytes(StandardCharsets.UTF_8);
        return write(file, json.length, json, data);
    }

    /** With a header length that need not be the header's. */
    public static Path write(Path file, long length, byte[] header, byte[] data) {
        ByteBuffer bytes = ByteBuffer.allocate(Long.BYTES + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(length)
                .put(header)
                .put(data);
        try {
            return Files.write(file, bytes.array());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
