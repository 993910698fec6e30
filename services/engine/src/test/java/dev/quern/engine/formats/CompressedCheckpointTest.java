package dev.quern.engine.formats;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.digest.FileDigest;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.fit.RecipeFit;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.GoldenVectors;
import dev.quern.engine.format.RandomModel;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Model;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.IntUnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What is not a result that we can read, or not one of this model, is refused by name. */
class CompressedCheckpointTest {
    private static final Path GOLDEN = GoldenVectors.GOLDEN.resolve("ct-w4a16-g32-asym");
    private static final String LINEAR = "model.layers.1.mlp.up_proj";
    private static final int COLS = 64;

    private static final Path BASE = GoldenVectors.GOLDEN.resolve("base-bf16");
    private static final IntegerShape SPARSE_GRID = new IntegerShape(4, 32, true);

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "num_bits": 4|"num_bits": 9|group_0: weights: num_bits: 9 (supported: 2 to 8)
                    "type": "int"|"type": "float"|group_0: weights: type: "float" (supported: int)
                    "strategy": "group"|"strategy": "tensor"|group_0: weights: strategy: "tensor" (supported: group, channel)
                    "dynamic": false|"dynamic": true|group_0: weights: dynamic: true (supported: false)
                    "group_size": 32|"group_size": 0|group_0: weights: group_size: 0 (supported: 1 or more)
                    "input_activations": null|"input_activations": {"num_bits": 8}|group_0: input_activations: {"num_bits":8} (supported: none)
                    "kv_cache_scheme": null|"kv_cache_scheme": {"num_bits": 8}|quantization_config: kv_cache_scheme: {"num_bits":8} (supported: none)
                    "transform_config": {}|"transform_config": {"a": 1}|quantization_config: transform_config: {"a":1} (supported: none)
                    "quant_method": "compressed-tensors"|"quant_method": "gptq"|quantization_config: quant_method: "gptq" (supported: compressed-tensors, quern-sparse)
                    """)
    void anotherSchemeIsRefusedByName(String from, String to, String message) throws IOException {
        copy();
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code().kind()).isEqualTo(ErrorCode.Kind.USER))
                .hasMessageContaining(message);
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "group_size": 32|"group_size": 64
                    "num_bits": 4|"num_bits": 3
                    "symmetric": false|"symmetric": true
                    """)
    void tensorsOnNoStatedGridAreRefusedByName(String from, String to) throws IOException {
        copy();
        Path config = folder.resolve("config.json");
        Files.writeString(config, Files.readString(config).replace(from, to));

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder))
                .hasMessageStartingWith("model.layers.0.self_attn.q_proj: [weight_packed I32 [64, 8], weight_scale BF16"
                        + " [64, 2], weight_shape I64 [2], weight_zero_point I32 [8, 2]]"
                        + " (expected: tensors of [64, 64] weights on a grid of config.json: [IntegerShape[");
    }

    @Test
    void aTruncatedFileIsRefusedByName() throws IOException {
        copy();
        try (FileChannel file = FileChannel.open(folder.resolve("model.safetensors"), StandardOpenOption.WRITE)) {
            file.truncate(file.size() - 100);
        }

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder)).hasMessageContaining("model.safetensors");
    }

    @Test
    void aTensorWithoutAPlaceIsRefusedByName() throws IOException {
        write(new OutputTensor("model.layers.1.mlp.up_proj.weight_clip", StoredType.F32, List.of(1L)), new byte[4]);

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder))
                .hasMessageStartingWith("model.layers.1.mlp.up_proj.weight_clip: unexpected tensor");
    }

    @Test
    void anOrderOfColumnsIsReadWhereItSaysNothing() throws IOException {
        write(order(), order(column -> column / 32));

        try (CompressedCheckpoint result = CompressedCheckpoint.open(folder)) {
            assertThat(result.bitsPerWeight()).isGreaterThan(4.625);
        }
    }

    @Test
    void anotherOrderOfColumnsIsRefusedByName() throws IOException {
        write(order(), order(column -> column % 2));

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder))
                .hasMessage(LINEAR + ".weight_g_idx: columns in an order of their own"
                        + " (supported: groups of neighbouring columns)");
    }

    @Test
    void aSparseResultIsRead() throws IOException {
        writeSparse();

        try (CompressedCheckpoint result = CompressedCheckpoint.open(folder)) {
            assertThat(result.codec().name()).isEqualTo(Formats.QUERN_SPARSE);
            assertThat(result.grids()).hasSize(14).containsValue(SPARSE_GRID);
            assertThat(result.weights()).isEqualTo(73_728);
            RecipeFit.modules(result.architecture())
                    .forEach(module -> assertThat(result.read(module.id())
                                    .core()
                                    .sameAs(RandomModel.linear(module.id(), module.linear(), SPARSE_GRID)
                                            .core()))
                            .as("%s", module.id())
                            .isTrue());
            assertThat(result.bitsPerWeight()).isBetween(4.5, 4.7);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', textBlock = """
                    "version": 1|"version": 2|quantization_config: version: 2 (supported: 1)
                    "group_size": 32|"group_size": 64|model.layers.0.self_attn.q_proj.weight_scale: BF16 [64, 2] (expected: BF16 [64, 1])
                    "bits": 4|"bits": 9|grid.bits: 9 (expected: 2 to 8)
                    model.layers.0.self_attn.q_proj|model.layers.9.self_attn.q_proj|model.layers.0.self_attn.q_proj.weight
                    """)
    void aSparseResultThatIsNotAsItSaysIsRefusedByName(String from, String to, String message) throws IOException {
        writeSparse();
        Path config = folder.resolve("config.json");
        String text = Files.readString(config);
        assertThat(text).contains(from);
        Files.writeString(config, text.replace(from, to));

        assertThatThrownBy(() -> CompressedCheckpoint.open(folder))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code().kind()).isEqualTo(ErrorCode.Kind.USER))
                .hasMessageContaining(message);
    }

    private void writeSparse() {
        try (Checkpoint source = Checkpoint.open(BASE)) {
            Architecture architecture = Architectures.of(source.config());
            OutputFormats.of(Formats.QUERN_SPARSE)
                    .write(
                            new Assembly(
                                    source,
                                    new Model(architecture, source),
                                    GridMap.of(SPARSE_GRID, architecture),
                                    RandomModel.of(architecture, SPARSE_GRID)),
                            folder,
                            bytes -> {},
                            Cancellation.NEVER);
        }
    }

    @Test
    void aResultOfAnotherModelIsRefusedByName() {
        try (CompressedCheckpoint result = CompressedCheckpoint.open(GOLDEN);
                Checkpoint tiny = Checkpoint.open(Path.of("../../samples/tiny-llama"))) {
            assertThatThrownBy(() -> result.requireResultOf(Architectures.of(tiny.config())))
                    .isInstanceOfSatisfying(
                            QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_CHECKPOINT))
                    .hasMessage(GOLDEN
                            + ": hidden_size: 64 (expected: 128, as in the original: a result of the same model)");
        }
    }

    @Test
    void filesAreThoseOfTheManifest() {
        Manifest manifest = new Manifest(
                Manifest.SCHEMA,
                "x",
                List.of(
                        new Manifest.File("model.safetensors", 4, "aa"),
                        new Manifest.File("config.json", 4, "bb"),
                        new Manifest.File("quern-report.json", 4, "cc")));

        CompressedCheckpoint.requireFiles(
                manifest,
                List.of(digest("model.safetensors", "aa"), digest("config.json", "bb"), digest("LICENSE", "dd")));
        assertThatThrownBy(
                        () -> CompressedCheckpoint.requireFiles(manifest, List.of(digest("model.safetensors", "ab"))))
                .hasMessage("result: model.safetensors: SHA-256 ab (expected: aa, as quern-manifest.json says)");
        assertThatThrownBy(() -> CompressedCheckpoint.requireFiles(manifest, List.of(digest("more.safetensors", "aa"))))
                .hasMessage(
                        "result: more.safetensors: SHA-256 aa (expected: no such file, as quern-manifest.json says)");
    }

    private static FileDigest digest(String name, String sha256) {
        return new FileDigest(name, 4, sha256);
    }

    private static OutputTensor order() {
        return new OutputTensor(LINEAR + ".weight_g_idx", StoredType.I32, List.of((long) COLS));
    }

    private static byte[] order(IntUnaryOperator group) {
        ByteBuffer order = ByteBuffer.allocate(COLS * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        for (int column = 0; column < COLS; column++) {
            order.putInt(group.applyAsInt(column));
        }
        return order.array();
    }

    private void copy() throws IOException {
        for (String file : List.of("config.json", "model.safetensors")) {
            Files.copy(GOLDEN.resolve(file), folder.resolve(file));
        }
    }

    /** The golden result with one more tensor. */
    private void write(OutputTensor more, byte[] content) throws IOException {
        Files.copy(GOLDEN.resolve("config.json"), folder.resolve("config.json"));
        try (Checkpoint golden = Checkpoint.openResult(GOLDEN)) {
            List<OutputTensor> tensors = new ArrayList<>();
            golden.tensorNames()
                    .forEach(name -> tensors.add(new OutputTensor(
                            name, golden.entry(name).type(), golden.entry(name).shape())));
            tensors.add(more);
            Map<String, byte[]> added = Map.of(more.name(), content);
            try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve("model.safetensors"), tensors)) {
                for (OutputTensor tensor : tensors) {
                    byte[] own = added.get(tensor.name());
                    writer.write(
                            tensor.name(),
                            own == null
                                    ? MemorySegment.ofArray(
                                            golden.tensor(tensor.name()).data().toArray(ValueLayout.JAVA_BYTE))
                                    : MemorySegment.ofArray(own));
                }
                writer.commit();
            }
        }
    }
}
