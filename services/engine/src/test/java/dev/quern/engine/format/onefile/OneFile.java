package dev.quern.engine.format.onefile;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.checkpoint.safetensors.TensorEntry;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.LongConsumer;
import java.util.stream.Collectors;

/**
 * A container that has nothing in common with a folder of safetensors: one file with the config, the side files, the
 * linears with a byte for each code, and the other tensors. The header is at the end of the file, before its length.
 */
record OneFile() implements OutputFormat {
    static final String FILE = "model.one";

    /** A part of the file. */
    record Part(String name, int offset, int size) {}

    /** A linear: codes, zero points and scales one after the other. */
    record Packed(
            String block, String name, int rows, int cols, int bits, int groupSize, boolean symmetric, Part part) {
        LinearId id() {
            return new LinearId(block, name);
        }
    }

    record Header(String config, List<Packed> linears, List<Part> tensors, List<Part> sideFiles) {}

    @Override
    public String name() {
        return "one-file";
    }

    @Override
    public Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid) {
        return grid.symmetric() ? Optional.empty() : Optional.of(linear + ": asymmetric (expected: symmetric)");
    }

    @Override
    public long bytes(int rows, int cols, IntegerShape grid, StoredType stored, long kept) {
        return (long) rows * cols + (long) rows * grid.groups(cols) * (1 + Float.BYTES);
    }

    @Override
    public Assembled write(Assembly assembly, Path folder, LongConsumer progress, Cancellation cancellation) {
        assembly.model()
                .architecture()
                .blocks()
                .forEach(block -> block.program()
                        .linears()
                        .forEach(spec -> assembly.grids()
                                .of(block.id(spec))
                                .ifPresent(grid -> requireAccepted(block.id(spec), spec.rows(), spec.cols(), grid))));
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        try (DataOutputStream out = new DataOutputStream(file)) {
            Header header = new Header(
                    Json.write(assembly.model().tensors().config().raw()),
                    linears(assembly, out, progress),
                    tensors(assembly, out, progress),
                    sideFiles(assembly, out));
            byte[] json = Json.write(RecordCodec.write(header)).getBytes(StandardCharsets.UTF_8);
            out.write(json);
            out.writeInt(json.length);
            Files.createDirectories(folder);
            Files.write(folder.resolve(FILE), file.toByteArray());
            return new Assembled(List.of(FILE));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Packed> linears(Assembly assembly, DataOutputStream out, LongConsumer progress)
            throws IOException {
        List<Packed> packed = new ArrayList<>();
        for (int block = 0; block < assembly.model().architecture().blocks().size(); block++) {
            for (CompressedLinear linear : assembly.compressed().linears(block)) {
                int start = out.size();
                IntegerShape shape = switch (linear.core()) {
                    case IntegerGrid grid -> {
                        out.write(grid.codes());
                        out.write(grid.zeros());
                        for (float scale : grid.scales()) {
                            out.writeFloat(scale);
                        }
                        yield grid.shape();
                    }
                };
                LinearId id = linear.id();
                packed.add(new Packed(
                        id.block(),
                        id.name(),
                        linear.rows(),
                        linear.cols(),
                        shape.bits(),
                        shape.groupSize(),
                        shape.symmetric(),
                        new Part(id.module(), start, out.size() - start)));
                progress.accept(assembly.model().tensors().entry(id.weight()).bytes());
            }
        }
        return packed;
    }

    private static List<Part> tensors(Assembly assembly, DataOutputStream out, LongConsumer progress)
            throws IOException {
        Set<String> packed = assembly.grids().linears().entrySet().stream()
                .filter(linear -> linear.getValue().isPresent())
                .map(linear -> linear.getKey().weight())
                .collect(Collectors.toSet());
        List<Part> parts = new ArrayList<>();
        for (String name : assembly.model().tensors().tensorNames()) {
            if (packed.contains(name) || assembly.model().architecture().isSecondHead(name)) {
                continue;
            }
            TensorEntry entry = assembly.model().tensors().entry(name);
            try (Arena arena = Arena.ofConfined()) {
                parts.add(new Part(name, out.size(), Math.toIntExact(entry.bytes())));
                out.write(assembly.model().tensors().tensor(name, arena).data().toArray(ValueLayout.JAVA_BYTE));
            }
            progress.accept(entry.bytes());
        }
        return parts;
    }

    private static List<Part> sideFiles(Assembly assembly, DataOutputStream out) throws IOException {
        List<Part> parts = new ArrayList<>();
        for (String name : assembly.source().sideFiles()) {
            byte[] bytes = assembly.source().read(name, 1 << 26);
            parts.add(new Part(name, out.size(), bytes.length));
            out.write(bytes);
        }
        return parts;
    }

    @Override
    public Optional<OutputReader> open(Path folder) {
        Path file = folder.resolve(FILE);
        return Files.isRegularFile(file) ? Optional.of(OneFileReader.open(file)) : Optional.empty();
    }
}
