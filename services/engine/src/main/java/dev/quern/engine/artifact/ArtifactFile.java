package dev.quern.engine.artifact;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;

/**
 * The file of an artifact, open for reading and checked in full: a fixed preamble, a JSON header, the payload.
 *
 * <pre>
 *  0  "QUERNART"
 *  8  u32 version = 1, u32 bytes of the header (little-endian)
 * 16  SHA-256 of the header
 * 48  header: {schema, inputKey, payloadBytes, payloadSha256, content}
 *     zeros up to a multiple of 64, then the payload up to the end of the file
 * </pre>
 *
 * The payload is decided by the input key, byte for byte. The content may hold what is not, such as timings.
 */
final class ArtifactFile implements AutoCloseable {
    private static final byte[] MAGIC = "QUERNART".getBytes(StandardCharsets.US_ASCII);
    private static final int VERSION = 1;
    private static final int PREAMBLE = 48;
    private static final int ALIGNMENT = 64;
    private static final int MAX_HEADER = 16 << 20;
    private static final String NO_DIGEST = "0".repeat(64);

    private final Arena arena;
    private final JsonObject content;
    private final MemorySegment payload;

    /** The header as JSON holds it. */
    record Header(String schema, String inputKey, long payloadBytes, String payloadSha256, JsonObject content) {}

    /** Takes the payload piece by piece. */
    interface Sink {
        void put(ByteBuffer bytes) throws IOException;
    }

    /** Gives the payload, the same bytes whenever it is asked. */
    interface Payload {
        long size();

        void writeTo(Sink sink) throws IOException;
    }

    private ArtifactFile(Arena arena, JsonObject content, MemorySegment payload) {
        this.arena = arena;
        this.content = content;
        this.payload = payload;
    }

    JsonObject content() {
        return content;
    }

    /** Valid until closed. */
    MemorySegment payload() {
        return payload;
    }

    @Override
    public void close() {
        arena.close();
    }

    /** Writes a new file; the payload is hashed on its way. */
    static void write(Path file, String schema, ArtifactName name, JsonObject content, Payload payload) {
        // The digest has a fixed width, so the header's length is known before it.
        Header draft = new Header(schema, name.inputKey(), payload.size(), NO_DIGEST, content);
        int start = payloadStart(encode(draft).length);
        try (FileChannel out = FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE)) {
            out.position(start);
            MessageDigest digest = Digests.sha256();
            payload.writeTo(bytes -> {
                digest.update(bytes.duplicate());
                writeFully(out, bytes);
            });
            if (out.position() - start != payload.size()) {
                throw new IllegalStateException(name + ": " + (out.position() - start) + " bytes of payload (expected: "
                        + payload.size() + ")");
            }
            String sha256 = Digests.hex(digest.digest());
            byte[] header = encode(new Header(schema, name.inputKey(), payload.size(), sha256, content));
            out.position(0);
            writeFully(out, preamble(header));
            writeFully(out, ByteBuffer.wrap(header));
            if (payload.size() == 0) {
                // Readers look for the payload at its start, also where there is none.
                writeFully(out, ByteBuffer.allocate(start - PREAMBLE - header.length));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static void writeFully(FileChannel out, ByteBuffer bytes) throws IOException {
        while (bytes.hasRemaining()) {
            out.write(bytes);
        }
    }

    private static byte[] encode(Header header) {
        return Json.write(RecordCodec.write(header)).getBytes(StandardCharsets.UTF_8);
    }

    private static ByteBuffer preamble(byte[] header) {
        return ByteBuffer.allocate(PREAMBLE)
                .order(ByteOrder.LITTLE_ENDIAN)
                .put(MAGIC)
                .putInt(VERSION)
                .putInt(header.length)
                .put(Digests.sha256().digest(header))
                .flip();
    }

    private static int payloadStart(int headerBytes) {
        return Math.ceilDiv(PREAMBLE + headerBytes, ALIGNMENT) * ALIGNMENT;
    }

    /**
     * Opens a file and checks all of it.
     *
     * @throws DamagedArtifactException when header or payload are not what was written, or another artifact's
     */
    @SuppressWarnings("MustBeClosedChecker") // the arena belongs to the result
    static ArtifactFile open(Path file, String schema, ArtifactName name) {
        Arena arena = Arena.ofShared();
        try (FileChannel in = FileChannel.open(file, StandardOpenOption.READ)) {
            MemorySegment all = in.map(FileChannel.MapMode.READ_ONLY, 0, in.size(), arena);
            int headerBytes = headerBytes(all, name);
            Header header = header(all.asSlice(PREAMBLE, headerBytes), all.asSlice(16, 32), schema, name);
            MemorySegment payload = payload(all, payloadStart(headerBytes), header, name);
            return new ArtifactFile(arena, header.content(), payload);
        } catch (IOException e) {
            arena.close();
            throw new UncheckedIOException(e);
        } catch (RuntimeException e) {
            arena.close();
            throw e;
        }
    }

    private static int headerBytes(MemorySegment all, ArtifactName name) {
        check(all.byteSize() >= PREAMBLE, name, all.byteSize() + " bytes");
        check(
                all.asSlice(0, MAGIC.length).mismatch(MemorySegment.ofArray(MAGIC)) < 0,
                name,
                "no QUERNART at its start");
        ByteBuffer numbers = all.asSlice(8, 8).asByteBuffer().order(ByteOrder.LITTLE_ENDIAN);
        int version = numbers.getInt();
        check(version == VERSION, name, "version " + version + " (expected: " + VERSION + ")");
        int bytes = numbers.getInt();
        check(
                bytes > 0 && bytes <= MAX_HEADER && payloadStart(bytes) <= all.byteSize(),
                name,
                "header of " + bytes + " bytes");
        return bytes;
    }

    private static Header header(MemorySegment bytes, MemorySegment digest, String schema, ArtifactName name) {
        byte[] json = bytes.toArray(ValueLayout.JAVA_BYTE);
        MemorySegment actual = MemorySegment.ofArray(Digests.sha256().digest(json));
        check(actual.mismatch(digest) < 0, name, "header does not match its digest");
        try {
            Header header = RecordCodec.read(Json.parse(json), Header.class, ErrorCode.INTERNAL);
            check(header.schema().equals(schema), name, "schema " + header.schema() + " (expected: " + schema + ")");
            check(header.inputKey().equals(name.inputKey()), name, "input key " + header.inputKey());
            return header;
        } catch (JsonException | QuernException e) {
            throw new DamagedArtifactException(name, "header: " + e.getMessage());
        }
    }

    private static MemorySegment payload(MemorySegment all, long start, Header header, ArtifactName name) {
        MemorySegment payload = all.asSlice(start);
        check(
                payload.byteSize() == header.payloadBytes(),
                name,
                "payload of " + payload.byteSize() + " bytes (expected: " + header.payloadBytes() + ")");
        MessageDigest digest = Digests.sha256();
        long step = 1 << 24;
        for (long from = 0; from < payload.byteSize(); from += step) {
            digest.update(payload.asSlice(from, Math.min(step, payload.byteSize() - from))
                    .asByteBuffer());
        }
        check(Digests.hex(digest.digest()).equals(header.payloadSha256()), name, "payload does not match its digest");
        return payload;
    }

    private static void check(boolean holds, ArtifactName name, String reason) {
        if (!holds) {
            throw new DamagedArtifactException(name, reason);
        }
    }
}
