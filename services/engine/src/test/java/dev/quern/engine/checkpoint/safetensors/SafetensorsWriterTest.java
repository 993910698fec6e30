package dev.quern.engine.checkpoint.safetensors;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.CheckpointTest;
import dev.quern.engine.checkpoint.FolderFiles;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.files.CheckpointFiles;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SafetensorsWriterTest {
    @TempDir
    Path folder;

    /** The reference writer's bytes from the same tensors, whatever the order in which they come. */
    @ParameterizedTest
    @ValueSource(strings = {"base-bf16", "ct-w4a16-g32-sym", "ct-w4a16-g32-asym", "gptq-w4-g32-sym-v1"})
    void theBytesAreTheReferenceWriters(String golden) throws IOException {
        Path source = CheckpointTest.GOLDEN.resolve(golden).resolve("model.safetensors");
        Path target = folder.resolve("model.safetensors");
        try (CheckpointFiles files = new FolderFiles(source.getParent())) {
            copyShuffled(SafetensorsFile.open(files, "model.safetensors"), target, golden.hashCode());
        }
        assertThat(Files.mismatch(source, target)).isEqualTo(-1);
        assertThat(names()).containsExactly("model.safetensors");
    }

    private static void copyShuffled(SafetensorsFile source, Path target, long seed) throws IOException {
        List<OutputTensor> tensors = new ArrayList<>();
        source.entries().values().forEach(e -> tensors.add(new OutputTensor(e.name(), e.type(), e.shape())));
        Collections.shuffle(tensors, new Random(seed));
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, tensors)) {
            for (OutputTensor tensor : tensors) {
                writer.write(
                        tensor.name(),
                        source.tensor(tensor.name(), Arena.global()).data());
            }
            writer.commit();
        }
    }

    @Test
    void anUnfinishedFileLeavesNothing() throws IOException {
        Path target = folder.resolve("model.safetensors");
        try (SafetensorsWriter writer = SafetensorsWriter.create(target, List.of(bytes("a", 3), bytes("b", 4)))) {
            writer.write("a", MemorySegment.ofArray(new byte[3]));
            assertThat(names()).containsExactly(".model.safetensors.tmp");
            assertThatThrownBy(writer::commit).hasMessageContaining("without [b] (expected: every tensor written)");
        }
        assertThat(names()).isEmpty();
    }

    @Test
    void wrongDataIsRefused() throws IOException {
        try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve("x"), List.of(bytes("a", 3)))) {
            assertThatThrownBy(() -> writer.write("a", MemorySegment.ofArray(new byte[4])))
                    .hasMessage("a: 4 bytes (expected: 3)");
            assertThatThrownBy(() -> writer.write("b", MemorySegment.ofArray(new byte[4])))
                    .hasMessage("tensor: b (expected one of: [])");
        }
    }

    @Test
    void anExistingFileIsNotReplaced() throws IOException {
        Files.writeString(folder.resolve("x"), "mine");
        assertThatThrownBy(() -> SafetensorsWriter.create(folder.resolve("x"), List.of()))
                .isInstanceOf(IOException.class)
                .hasMessageContaining("exists (expected: a new file)");
        assertThat(Files.readString(folder.resolve("x"))).isEqualTo("mine");
    }

    @Test
    void shardsAreFilledInOrderAndIndexed() throws IOException {
        List<OutputTensor> tensors = List.of(bytes("c", 4), bytes("a", 5), bytes("b", 20), bytes("d", 1));
        try (ShardedWriter writer = new ShardedWriter(folder, tensors, 10)) {
            for (OutputTensor tensor : tensors.reversed()) {
                writer.write(
                        tensor.name(),
                        MemorySegment.ofArray(
                                tensor.name().repeat((int) tensor.bytes()).getBytes(StandardCharsets.UTF_8)));
            }
            assertThat(writer.commit()).isEqualTo("model.safetensors.index.json");
        }
        assertThat(Files.readString(folder.resolve("model.safetensors.index.json")))
                .isEqualTo("""
                {
                  "metadata": {
                    "total_size": 30
                  },
                  "weight_map": {
                    "a": "model-00001-of-00003.safetensors",
                    "b": "model-00002-of-00003.safetensors",
                    "c": "model-00001-of-00003.safetensors",
                    "d": "model-00003-of-00003.safetensors"
                  }
                }
                """);
        Files.writeString(folder.resolve("config.json"), "{}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactly("a", "c", "b", "d");
            assertThat(checkpoint.tensor("b").data().get(ValueLayout.JAVA_BYTE, 19))
                    .isEqualTo((byte) 'b');
        }
    }

    private static OutputTensor bytes(String name, long size) {
        return new OutputTensor(name, StoredType.U8, List.of(size));
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }
}
