package dev.quern.engine.artifact;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.engine.artifact.BlockArtifact.Entry;
import dev.quern.engine.method.CompressedLinear;
import dev.quern.engine.method.IntegerGrid;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.json.Json;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class BlockArtifactTest {
    private static final LinearFigures FIGURES = new LinearFigures(0.01, 0.02, 0.01, 0, null, 0, 0.93);
    private static final ArtifactName NAME = new ArtifactName(Kind.BLOCK, 3, Digests.sha256(new byte[] {3}));

    @TempDir
    Path folder;

    @ParameterizedTest(name = "{0} bits, groups of {1}")
    @CsvSource({"2, 16", "3, 16", "4, 0", "5, 48", "6, 8", "7, 0", "8, 24"})
    void whatIsWrittenIsRead(int bits, int groupSize) {
        Entry first = entry("mlp.up_proj", 5, 48, bits, groupSize, 1);
        Entry second = entry("mlp.down_proj", 48, 144, bits, groupSize, 2);
        BlockArtifact artifact = new BlockArtifact(3, "model.layers.3.", List.of(first, second));
        Path file = folder.resolve("a");

        artifact.write(file, NAME);
        BlockArtifact read = BlockArtifact.read(file, NAME);

        assertThat(read.block()).isEqualTo(3);
        assertThat(read.records()).isEqualTo(artifact.records());
        assertThat(BlockArtifact.readRecords(file, NAME)).isEqualTo(artifact.records());
        assertThat(read.linears().getLast().linear().id().module()).isEqualTo("model.layers.3.mlp.down_proj");
        assertSame(read.linears().getFirst(), first);
        assertSame(read.linears().getLast(), second);
    }

    /** All of its linears are ignored. */
    @Test
    void aBlockWithoutLinearsIsRead() {
        Path file = folder.resolve("a");

        new BlockArtifact(3, "model.layers.3.", List.of()).write(file, NAME);

        assertThat(BlockArtifact.read(file, NAME).linears()).isEmpty();
        assertThat(BlockArtifact.readRecords(file, NAME)).isEmpty();
    }

    /** As the header of an artifact has it that an earlier version wrote, and one from before that. */
    @ParameterizedTest
    @ValueSource(strings = {"""
                {"name":"o","rows":4,"cols":8,"bits":4,"groupSize":8,"symmetric":true,"figures":{"relativeError":0.01,
                "relativeErrorNearest":0.02,"damping":0.01,"retries":0,"deadColumns":0,"scaleToAbsmax":0.93},"seconds":1.5}
                """, """
                {"name":"o","rows":4,"cols":8,"bits":4,"groupSize":8,"symmetric":true,"relativeError":0.01,
                "relativeErrorNearest":0.02,"damping":0.01,"retries":0,"deadColumns":0,"scaleToAbsmax":0.93,"seconds":1.5}
                """})
    void recordsOfEarlierVersionsAreRead(String json) {
        assertThat(RecordCodec.read(Json.parse(json), LinearRecord.class))
                .isEqualTo(new LinearRecord("o", 4, 8, 4, 8, true, FIGURES, 1.5));
    }

    /** The payload is decided by the input key; how long it took is not. */
    @Test
    void timingsAreOutsideThePayload() {
        Entry entry = entry("o", 4, 8, 4, 8, 1);
        new BlockArtifact(0, "p.", List.of(entry)).write(folder.resolve("a"), NAME);
        new BlockArtifact(0, "p.", List.of(new Entry(entry.linear(), timed(entry.record(), 99.5))))
                .write(folder.resolve("b"), NAME);

        assertThat(payload("a")).isEqualTo(payload("b"));
        assertThat(folder.resolve("a")).binaryContent().isNotEqualTo(binary("b"));
    }

    @ParameterizedTest(name = "byte {0}")
    @ValueSource(ints = {0, 9, 12, 20, 60, 300, -1, -40})
    void aChangedByteIsNoticed(int at) throws IOException {
        Path file = write();
        byte[] bytes = Files.readAllBytes(file);
        bytes[at < 0 ? bytes.length + at : at] ^= 4;
        Files.write(file, bytes);

        assertThatThrownBy(() -> BlockArtifact.read(file, NAME))
                .isInstanceOfSatisfying(
                        DamagedArtifactException.class,
                        e -> assertThat(e.artifact()).isEqualTo(NAME))
                .hasMessageStartingWith(NAME.fileName() + ": damaged, ");
    }

    @ParameterizedTest(name = "{0} bytes less")
    @ValueSource(ints = {1, 300, 5000})
    void aShortenedFileIsNoticed(int less) throws IOException {
        Path file = write();
        byte[] bytes = Files.readAllBytes(file);
        Files.write(file, Arrays.copyOf(bytes, Math.max(0, bytes.length - less)));

        assertThatThrownBy(() -> BlockArtifact.readRecords(file, NAME)).isInstanceOf(DamagedArtifactException.class);
    }

    @Test
    void anotherArtifactUnderThisNameIsNoticed() {
        Path file = write();
        ArtifactName other = new ArtifactName(Kind.BLOCK, 3, Digests.sha256(new byte[] {4}));

        assertThatThrownBy(() -> BlockArtifact.read(file, other))
                .isInstanceOf(DamagedArtifactException.class)
                .hasMessageContaining("input key " + NAME.inputKey());
    }

    @Test
    void aStreamSurvivesItsFile() {
        byte[] states = new byte[6 * 8 * 2];
        new SplittableRandom(5).nextBytes(states);
        ArtifactName name = new ArtifactName(Kind.STREAM, 1, NAME.inputKey());
        StreamArtifact.write(folder.resolve("s"), name, MemorySegment.ofArray(states), 6, 8);

        byte[] read = new byte[states.length];
        StreamArtifact.read(folder.resolve("s"), name, MemorySegment.ofArray(read), 6, 8);

        assertThat(read).isEqualTo(states);
        assertThatThrownBy(() -> StreamArtifact.read(folder.resolve("s"), name, MemorySegment.ofArray(read), 8, 6))
                .isInstanceOf(DamagedArtifactException.class);
    }

    @Test
    void aCommittedArtifactStands() throws IOException {
        FolderBlockStore store = new FolderBlockStore(folder.resolve("store"));
        Path first = Files.writeString(folder.resolve("1"), "first");
        Path second = Files.writeString(folder.resolve("2"), "second");

        assertThat(store.find(NAME)).isEmpty();
        assertThat(store.commit(NAME, first)).isTrue();
        assertThat(store.commit(NAME, second)).isFalse();
        assertThat(store.find(NAME)).hasValueSatisfying(path -> assertThat(path).hasContent("first"));
    }

    private Path write() {
        Path file = folder.resolve("a");
        new BlockArtifact(3, "model.layers.3.", List.of(entry("o", 6, 32, 4, 16, 7))).write(file, NAME);
        return file;
    }

    private byte[] payload(String file) {
        try (ArtifactFile open = ArtifactFile.open(folder.resolve(file), Provenance.BLOCK_SCHEMA, NAME)) {
            return open.payload().toArray(ValueLayout.JAVA_BYTE);
        }
    }

    private byte[] binary(String file) {
        try {
            return Files.readAllBytes(folder.resolve(file));
        } catch (IOException e) {
            throw new AssertionError(e);
        }
    }

    private static Entry entry(String name, int rows, int cols, int bits, int groupSize, long seed) {
        SplittableRandom random = new SplittableRandom(seed);
        int scaleCount = rows * (groupSize == 0 ? 1 : cols / groupSize);
        byte[] codes = new byte[rows * cols];
        for (int i = 0; i < codes.length; i++) {
            codes[i] = (byte) random.nextInt(1 << bits);
        }
        byte[] zeros = new byte[scaleCount];
        random.nextBytes(zeros);
        float[] scales = new float[scaleCount];
        for (int i = 0; i < scales.length; i++) {
            scales[i] = (float) random.nextDouble();
        }
        IntegerGrid grid = new IntegerGrid(bits, groupSize, false, codes, zeros, scales);
        LinearRecord linear = new LinearRecord(name, rows, cols, bits, groupSize, false, FIGURES, 1.5);
        return new Entry(new CompressedLinear(new LinearId("model.layers.3.", name), rows, cols, grid), linear);
    }

    private static LinearRecord timed(LinearRecord linear, double seconds) {
        return new LinearRecord(
                linear.name(),
                linear.rows(),
                linear.cols(),
                linear.bits(),
                linear.groupSize(),
                linear.symmetric(),
                linear.figures(),
                seconds);
    }

    private static void assertSame(Entry actual, Entry expected) {
        IntegerGrid read = (IntegerGrid) actual.linear().core();
        IntegerGrid written = (IntegerGrid) expected.linear().core();
        assertThat(read.codes()).isEqualTo(written.codes());
        assertThat(read.zeros()).isEqualTo(written.zeros());
        assertThat(read.scales()).isEqualTo(written.scales());
    }
}
