package dev.quern.engine.format.onefile;

import static dev.quern.engine.format.OutputReader.damaged;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.format.onefile.OneFile.Header;
import dev.quern.engine.format.onefile.OneFile.Packed;
import dev.quern.engine.format.onefile.OneFile.Part;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.Model;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/** Reads a {@link OneFile}. */
final class OneFileReader implements OutputReader {
    private final byte[] bytes;
    private final Header header;
    private final Map<LinearId, Packed> packed;

    private OneFileReader(byte[] bytes, Header header, Map<LinearId, Packed> packed) {
        this.bytes = bytes;
        this.header = header;
        this.packed = packed;
    }

    static OneFileReader open(Path file) {
        try {
            byte[] bytes = Files.readAllBytes(file);
            int end = bytes.length - Integer.BYTES;
            int length = ByteBuffer.wrap(bytes).getInt(end);
            Header header = RecordCodec.read(Json.parse(Arrays.copyOfRange(bytes, end - length, end)), Header.class);
            return new OneFileReader(
                    bytes,
                    header,
                    header.linears().stream().collect(Collectors.toMap(Packed::id, Function.identity())));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public String format() {
        return new OneFile().name();
    }

    @Override
    public Architecture architecture() {
        return Architectures.of(new ModelConfig((JsonObject) Json.parse(header.config())));
    }

    @Override
    public GridMap grids(List<LinearId> linears) {
        Map<LinearId, Optional<IntegerShape>> grids = new LinkedHashMap<>();
        linears.forEach(linear -> grids.put(
                linear,
                Optional.ofNullable(packed.get(linear))
                        .map(found -> new IntegerShape(found.bits(), found.groupSize(), found.symmetric()))));
        return new GridMap(grids);
    }

    @Override
    public CompressedLinear read(LinearId linear, IntegerShape grid) {
        Packed found = packed.get(linear);
        int weights = found.rows() * found.cols();
        int scales = found.rows() * grid.groups(found.cols());
        ByteBuffer part = ByteBuffer.wrap(part(found.part()));
        byte[] codes = new byte[weights];
        byte[] zeros = new byte[scales];
        float[] values = new float[scales];
        part.get(codes).get(zeros).asFloatBuffer().get(values);
        IntegerGrid core = new IntegerGrid(grid.bits(), grid.groupSize(), grid.symmetric(), codes, zeros, values);
        return new CompressedLinear(linear, found.rows(), found.cols(), core);
    }

    private byte[] part(Part part) {
        return Arrays.copyOfRange(bytes, part.offset(), part.offset() + part.size());
    }

    @Override
    public WeightBytes weightBytes(LinearId linear) {
        Packed found = packed.get(linear);
        long codes = (long) found.rows() * found.cols();
        long scales = (found.part().size() - codes) / (1 + Float.BYTES);
        return new WeightBytes(0, codes, scales * Float.BYTES, scales);
    }

    @Override
    public void checkOthers(Architecture architecture, Set<LinearId> compressed) {
        if (!packed.keySet().equals(compressed)) {
            throw damaged(OneFile.FILE + ": " + packed.keySet() + " (expected: " + compressed + ")");
        }
    }

    @Override
    public void compareOthers(Checkpoint source, Model model) {
        for (Part tensor : header.tensors()) {
            try (Arena arena = Arena.ofConfined()) {
                same(tensor, model.tensors().tensor(tensor.name(), arena).data().toArray(ValueLayout.JAVA_BYTE));
            }
        }
        header.sideFiles().forEach(file -> same(file, source.read(file.name(), 1 << 26)));
    }

    private void same(Part part, byte[] expected) {
        if (!Arrays.equals(part(part), expected)) {
            throw damaged(part.name() + ": differs from the source (expected: the same bytes)");
        }
    }

    @Override
    public List<FileDigest> digests(List<String> files, LongConsumer progress, Cancellation cancellation) {
        progress.accept(bytes.length);
        return files.stream()
                .map(name -> new FileDigest(name, bytes.length, Digests.sha256(bytes)))
                .toList();
    }

    @Override
    public void close() {}
}
