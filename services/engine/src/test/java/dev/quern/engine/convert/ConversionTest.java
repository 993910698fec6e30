package dev.quern.engine.convert;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.CompressedModel;
import dev.quern.engine.format.GoldenVectors;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.RandomModel;
import dev.quern.engine.formats.CompressedCheckpoint;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearId;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.verify.Manifests;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** There and back gives the same bytes. */
class ConversionTest {
    private static final Path BASE = GoldenVectors.GOLDEN.resolve("base-bf16");
    private static final Path TINY = Path.of("../../samples/tiny-llama");
    private static final OutputFormat DENSE = OutputFormats.of(Formats.COMPRESSED_TENSORS);
    private static final OutputFormat SPARSE = OutputFormats.of(Formats.QUERN_SPARSE);

    private final long seed = System.nanoTime();

    @TempDir
    Path folder;

    @ParameterizedTest
    @CsvSource({"4, 32, true", "3, 16, false", "2, 0, true", "8, 8, false", "5, 0, false", "4, 0, true"})
    void thereAndBackGivesTheSameBytes(int bits, int group, boolean symmetric) throws IOException {
        Path dense = result(BASE, DENSE, new IntegerShape(bits, group, symmetric));
        Conversion.Converted there = convert(dense, SPARSE, "sparse");
        Conversion.Converted back = convert(folder.resolve("sparse"), DENSE, "back");

        assertThat(there.to().format()).isEqualTo("quern-sparse");
        assertThat(there.to().weights()).isEqualTo(there.from().weights());
        assertThat(there.to().compressed().mask())
                .as("half of the codes are zero")
                .isPositive();
        assertSameFiles(dense, folder.resolve("back"));
        assertThat(back.to().outputDigest()).isEqualTo(there.from().outputDigest());
        assertThat(OutputVerifier.verify(folder.resolve("sparse"), bytes -> {}, Cancellation.NEVER)
                        .outputDigest())
                .isEqualTo(there.to().outputDigest());
    }

    /** Linears of which some have enough scales for a code of their own. */
    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void codedScalesGiveTheSameBytesBack(boolean symmetric) throws IOException {
        Path dense = result(BASE, DENSE, new IntegerShape(4, 2, symmetric));
        Conversion.Converted there = convert(dense, SPARSE, "sparse");
        convert(folder.resolve("sparse"), DENSE, "back");

        assertThat(there.to().compressed().scales())
                .isLessThan(there.from().compressed().scales() * 3 / 4);
        assertSameFiles(dense, folder.resolve("back"));
        try (CompressedCheckpoint result = CompressedCheckpoint.open(folder.resolve("sparse"))) {
            assertThat(result.bitsPerWeight()).isEqualTo(there.to().bitsPerWeight());
        }
    }

    /** Tied embeddings, several grids, linears that keep their weights. */
    @Test
    void linearsThatKeepTheirWeightsAndOtherGridsStayAsTheyAre() throws IOException {
        Path sparse;
        try (Checkpoint source = Checkpoint.open(TINY)) {
            Architecture architecture = Architectures.of(source.config());
            Map<LinearId, Optional<IntegerShape>> linears = new LinkedHashMap<>(
                    GridMap.of(new IntegerShape(4, 32, true), architecture).linears());
            linears.replaceAll(
                    (id, grid) -> id.name().endsWith("down_proj") ? Optional.of(new IntegerShape(8, 16, false)) : grid);
            linears.put(new LinearId("model.layers.1.", "self_attn.o_proj"), Optional.empty());
            sparse = result(source, architecture, SPARSE, new GridMap(linears));
        }
        convert(sparse, DENSE, "dense");
        convert(folder.resolve("dense"), SPARSE, "back");

        assertSameFiles(sparse, folder.resolve("back"));
        try (Checkpoint dense = Checkpoint.openQuantized(folder.resolve("dense"))) {
            assertThat(dense.has("model.layers.1.self_attn.o_proj.weight")).isTrue();
            assertThat(dense.has("model.layers.1.self_attn.o_proj.weight_packed"))
                    .isFalse();
        }
    }

    @Test
    void aResultThatHasTheFormatIsRefused() throws IOException {
        Path dense = result(BASE, DENSE, new IntegerShape(4, 32, true));

        assertThatThrownBy(() -> convert(dense, DENSE, "again"))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessage(dense + ": is in compressed-tensors already (expected: a result in another format)");
        assertThat(folder.resolve("again")).doesNotExist();
    }

    @Test
    void aDamagedSourceIsNamedAndNothingIsWritten() throws IOException {
        Path dense = result(BASE, DENSE, new IntegerShape(4, 32, true));
        byte[] weights = Files.readAllBytes(dense.resolve("model.safetensors"));
        weights[weights.length - 10] ^= 1;
        Files.write(dense.resolve("model.safetensors"), weights);

        assertThatThrownBy(() -> convert(dense, SPARSE, "sparse"))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.OUTPUT_DAMAGED))
                .hasMessageStartingWith("model.safetensors: SHA-256 ");
        assertThat(folder.resolve("sparse")).doesNotExist();
    }

    /** What the manifest cannot tell, because somebody made it anew: the reader notices. */
    @Test
    void aTruncatedFileIsNamedByTheReader() throws IOException {
        Path sparse = result(BASE, SPARSE, new IntegerShape(4, 32, true));
        byte[] weights = Files.readAllBytes(sparse.resolve("model.safetensors"));
        Files.write(sparse.resolve("model.safetensors"), Arrays.copyOf(weights, weights.length - 100));

        assertThatThrownBy(() -> SPARSE.open(sparse)).hasMessageContaining("model.safetensors");
    }

    private Conversion.Converted convert(Path from, OutputFormat format, String to) {
        return Conversion.convert(from, format, folder.resolve(to), bytes -> {}, Cancellation.NEVER);
    }

    private Path result(Path model, OutputFormat format, IntegerShape grid) throws IOException {
        try (Checkpoint source = Checkpoint.open(model)) {
            Architecture architecture = Architectures.of(source.config());
            return result(source, architecture, format, GridMap.of(grid, architecture));
        }
    }

    /** A result as a job publishes it, but for the reports. */
    private Path result(Checkpoint source, Architecture architecture, OutputFormat format, GridMap grids)
            throws IOException {
        Path to = folder.resolve("result");
        Assembly assembly = new Assembly(source, new Model(architecture, source), grids, halfZero(architecture, grids));
        Assembled assembled = format.write(assembly, to, bytes -> {}, Cancellation.NEVER);
        Verification verified =
                OutputVerifier.verifyAssembled(format, to, assembled, assembly, bytes -> {}, Cancellation.NEVER);
        Manifest manifest = Manifests.of(verified, Map.of(), assembled.inPublishOrder(List.of()));
        Files.write(to.resolve(Manifest.NAME), Manifests.write(manifest));
        return to;
    }

    /** Codes of which every second one or so is the zero point of its group; the same at every call. */
    private CompressedModel halfZero(Architecture architecture, GridMap grids) {
        return index -> {
            Block block = architecture.blocks().get(index);
            return block.program().linears().stream()
                    .flatMap(
                            spec -> grids.of(block.id(spec)).map(grid -> halfZero(block.id(spec), spec, grid)).stream())
                    .toList();
        };
    }

    private CompressedLinear halfZero(LinearId id, LinearSpec spec, IntegerShape grid) {
        CompressedLinear linear = RandomModel.linear(id, spec, grid);
        IntegerGrid core = (IntegerGrid) linear.core();
        SplittableRandom random = new SplittableRandom(seed);
        for (int i = 0; i < core.codes().length; i++) {
            if (random.nextBoolean()) {
                int group = i / spec.cols() * grid.groups(spec.cols()) + i % spec.cols() / grid.columns(spec.cols());
                core.codes()[i] = core.zeros()[group];
            }
        }
        return linear;
    }

    private static void assertSameFiles(Path expected, Path actual) throws IOException {
        List<String> names = names(expected);
        assertThat(names(actual)).isEqualTo(names).contains("model.safetensors", "config.json", Manifest.NAME);
        for (String name : names) {
            assertThat(Files.mismatch(expected.resolve(name), actual.resolve(name)))
                    .as(name)
                    .isEqualTo(-1);
        }
    }

    private static List<String> names(Path folder) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
