package dev.quern.engine.formats;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.format.OutputFormat;
import dev.quern.engine.format.OutputReader;
import dev.quern.engine.format.compressedtensors.CompressedTensors;
import dev.quern.engine.format.quernsparse.QuernSparse;
import dev.quern.engine.format.safetensors.LinearCodec;
import dev.quern.engine.format.safetensors.SafetensorsFolder;
import dev.quern.recipes.Formats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.nio.file.Path;
import java.util.List;

/** The formats that can be written. */
public final class OutputFormats {
    /** One for each format; the first one is what a result is read as that does not name its format. */
    private static final List<LinearCodec> CODECS = List.of(new CompressedTensors(), new QuernSparse());

    public static final List<OutputFormat> ALL =
            CODECS.stream().<OutputFormat>map(SafetensorsFolder::new).toList();

    private OutputFormats() {}

    /** @throws QuernException INVALID_REQUEST that lists the formats there are */
    public static OutputFormat of(String name) {
        for (OutputFormat format : ALL) {
            if (format.name().equals(name)) {
                return format;
            }
        }
        throw new QuernException(
                ErrorCode.INVALID_REQUEST,
                "outputs.format: " + name + " (expected one of: " + String.join(", ", Formats.ALL) + ")");
    }

    /**
     * The codec of a result, by what its config.json says. A codec refuses what the config names and it does not know.
     */
    static LinearCodec codec(ModelConfig config) {
        ModelConfig block = config.object("quantization_config");
        String method = block == null ? null : block.text("quant_method", null);
        return CODECS.stream()
                .filter(codec -> codec.name().equals(method))
                .findFirst()
                .orElse(CODECS.getFirst());
    }

    /**
     * Opens an output of any of them.
     *
     * @throws QuernException OUTPUT_DAMAGED when it is of none
     */
    public static OutputReader open(Path folder) {
        return ALL.stream()
                .flatMap(format -> format.open(folder).stream())
                .findFirst()
                .orElseThrow(() -> OutputReader.damaged(
                        folder + ": no known format (expected one of: " + String.join(", ", Formats.ALL) + ")"));
    }
}
