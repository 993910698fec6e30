package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.fit.GridMap;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Block;
import dev.quern.engine.model.LinearSpec;
import dev.quern.engine.model.Model;
import dev.quern.engine.verify.Manifests;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.Formats;
import dev.quern.recipes.Manifest;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ConvertTest {
    private static final IntegerShape GRID = new IntegerShape(4, 32, true);

    @TempDir
    Path folder;

    private Path dense;

    /** The sample model with random codes, half of them zero. */
    @BeforeEach
    void makeResult() throws IOException {
        dense = folder.resolve("dense");
        OutputFormat format = OutputFormats.of(Formats.COMPRESSED_TENSORS);
        try (Checkpoint source = Checkpoint.open(Cli.TINY)) {
            Architecture architecture = Architectures.of(source.config());
            Model model = new Model(architecture, source);
            Assembly assembly =
                    new Assembly(source, model, GridMap.of(GRID, architecture), block -> linears(architecture, block));
            Assembled assembled = format.write(assembly, dense, bytes -> {}, Cancellation.NEVER);
            Verification verified =
                    OutputVerifier.verifyAssembled(format, dense, assembled, assembly, bytes -> {}, Cancellation.NEVER);
            Manifest manifest = Manifests.of(verified, Map.of(), assembled.inPublishOrder(List.of()));
            Files.write(dense.resolve(Manifest.NAME), Manifests.write(manifest));
        }
    }

    @Test
    void saysWhatThePartsTakeAndGoesBothWays() throws IOException {
        Path sparse = folder.resolve("made/sparse");
        Cli there = Cli.run("convert", dense.toString(), "--format", "quern-sparse", "--out", sparse.toString());

        assertThat(there.code()).as(there.err()).isZero();
        assertThat(there.out())
                .contains("compressed-tensors 4.500 bits a weight", " -> quern-sparse ", "result in " + sparse)
                .containsPattern("mask +[0-9.]+ kB +1\\.\\d{3}")
                .containsPattern("scales +[0-9.]+ kB +0\\.[0-4]\\d\\d");
        assertThat(Cli.run("verify", sparse.toString()).out()).contains("OK: ", "quern-sparse, 28 linears");

        Path back = folder.resolve("back");
        Cli again = Cli.run(
                "convert",
                sparse.toString(),
                "--format",
                "compressed-tensors",
                "--out",
                back.toString(),
                "--output",
                "json");
        assertThat(again.code()).as(again.err()).isZero();
        JsonObject to = (JsonObject) ((JsonObject) again.json()).get("to");
        assertThat(to.get("format")).isEqualTo(new JsonString("compressed-tensors"));
        assertThat(((JsonObject) to.get("weightBytes")).get("mask")).isEqualTo(JsonNumber.of(0));
        for (String file : List.of("model.safetensors", "config.json", Manifest.NAME)) {
            assertThat(Files.mismatch(dense.resolve(file), back.resolve(file)))
                    .as(file)
                    .isEqualTo(-1);
        }
    }

    @Test
    void whatCannotBeDoneIsRefusedAndLeavesNothing() throws IOException {
        String out = folder.resolve("out").toString();
        refused("--format: gguf (expected one of: compressed-tensors, quern-sparse)", "gguf", out);
        refused(
                dense + ": is in compressed-tensors already (expected: a result in another format)",
                "compressed-tensors",
                out);
        assertThat(Cli.run("convert", out, "--format", "quern-sparse", "--out", out)
                        .err())
                .isEqualTo("quern: " + out + ": no such folder (expected: a result)\n");

        byte[] weights = Files.readAllBytes(dense.resolve("model.safetensors"));
        weights[weights.length / 2] ^= 1;
        Files.write(dense.resolve("model.safetensors"), weights);
        refused("model.safetensors: SHA-256 ", "quern-sparse", out);
        try (Stream<Path> files = Files.list(folder)) {
            assertThat(files).containsExactly(dense);
        }
    }

    @Test
    void aFolderThatHoldsSomethingIsNotWrittenTo() throws IOException {
        Path taken = Files.createDirectory(folder.resolve("taken"));
        Files.writeString(taken.resolve("thesis.txt"), "mine");

        refused(taken + ": is not empty (expected: an empty folder)", "quern-sparse", taken.toString());
        assertThat(taken.resolve("thesis.txt")).hasContent("mine");
    }

    private void refused(String message, String format, String out) {
        Cli ran = Cli.run("convert", dense.toString(), "--format", format, "--out", out);

        assertThat(ran.code()).isEqualTo(65);
        assertThat(ran.err()).startsWith("quern: " + message);
    }

    private static List<CompressedLinear> linears(Architecture architecture, int index) {
        Block block = architecture.blocks().get(index);
        return block.program().linears().stream()
                .map(spec -> new CompressedLinear(block.id(spec), spec.rows(), spec.cols(), grid(spec)))
                .toList();
    }

    private static IntegerGrid grid(LinearSpec spec) {
        SplittableRandom random = new SplittableRandom(spec.rows());
        byte[] codes = new byte[spec.rows() * spec.cols()];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) (random.nextBoolean() ? 8 : random.nextInt(16));
        }
        byte[] zeros = new byte[spec.rows() * GRID.groups(spec.cols())];
        Arrays.fill(zeros, (byte) 8);
        float[] scales = new float[zeros.length];
        Arrays.fill(scales, 0x1p-6f);
        return new IntegerGrid(4, 32, true, codes, zeros, scales);
    }
}
