package dev.quern.engine.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.DType;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.SafetensorsWriter;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceDtypeTest {
    private static final Path BASE = Path.of("src/test/resources/golden/base-bf16");

    @TempDir
    Path folder;

    @Test
    void normsMayHaveAnotherDtype() throws IOException {
        write(name -> name.endsWith("norm.weight") ? StoredType.F16.name() : StoredType.BF16.name());

        try (Source source = Source.open(folder)) {
            assertThat(source.storedType()).isEqualTo(DType.BF16);
        }
    }

    /** Scales that bf16 holds exactly may be out of reach of f16. */
    @Test
    void linearsThatArePartF16AreRefusedByName() throws IOException {
        write(name -> name.endsWith("layers.1.mlp.down_proj.weight") ? "F16" : "BF16");

        assertThatThrownBy(() -> Source.open(folder))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.UNSUPPORTED_ARCHITECTURE))
                .hasMessage("model.layers.1.mlp.down_proj.weight: F16"
                        + " (supported: one dtype for all linears, model.layers.0.self_attn.q_proj.weight is BF16)");
    }

    /** The golden model with other dtypes of the same width; values do not matter. */
    private void write(UnaryOperator<String> type) throws IOException {
        Files.copy(BASE.resolve("config.json"), folder.resolve("config.json"));
        try (Checkpoint base = Checkpoint.open(BASE)) {
            List<OutputTensor> tensors = base.tensorNames().stream()
                    .map(name -> new OutputTensor(
                            name,
                            StoredType.valueOf(type.apply(name)),
                            base.entry(name).shape()))
                    .toList();
            try (SafetensorsWriter writer = SafetensorsWriter.create(folder.resolve("model.safetensors"), tensors)) {
                for (OutputTensor tensor : tensors) {
                    writer.write(tensor.name(), MemorySegment.ofArray(new byte[(int) tensor.bytes()]));
                }
                writer.commit();
            }
        }
    }
}
