package dev.quern.engine.format.safetensors;

import dev.quern.engine.Cancellation;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.format.Assembly;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.method.IntegerShape;
import dev.quern.engine.model.LinearId;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.LongConsumer;

/**
 * A folder that loaders of Hugging Face's layout read: safetensors, config.json with a {@code quantization_config}, and
 * the source's other files.
 *
 * @param codec how linears are stored in it
 */
public record SafetensorsFolder(LinearCodec codec) implements OutputFormat {
    /** What config.json calls the block for loaders. */
    static final String QUANTIZATION = "quantization_config";

    @Override
    public String name() {
        return codec.name();
    }

    @Override
    public Optional<String> refusal(LinearId linear, int rows, int cols, IntegerShape grid) {
        return codec.refusal(linear, rows, cols, grid);
    }

    @Override
    public long bytes(int rows, int cols, IntegerShape grid, StoredType stored, long kept) {
        return codec.bytes(rows, cols, grid, stored, kept);
    }

    @Override
    public Assembled write(Assembly assembly, Path folder, LongConsumer progress, Cancellation cancellation) {
        return new Assembler(assembly, this).write(folder, progress, cancellation);
    }

    @Override
    @SuppressWarnings("MustBeClosedChecker") // the checkpoint belongs to the result
    public Optional<OutputReader> open(Path folder) {
        if (!Files.isRegularFile(folder.resolve(ModelConfig.FILE))) {
            return Optional.empty();
        }
        Checkpoint output = Checkpoint.openQuantized(folder);
        if (output.config().raw().get(QUANTIZATION) instanceof JsonObject config
                && new JsonString(codec.name()).equals(config.get("quant_method"))) {
            return Optional.of(new FolderReader(output, codec, config));
        }
        output.close();
        return Optional.empty();
    }
}
