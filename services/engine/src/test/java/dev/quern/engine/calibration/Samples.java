package dev.quern.engine.calibration;

import java.nio.file.Files;
import java.nio.file.Path;

/** The checkpoints that are committed with the project. */
public final class Samples {
    private Samples() {}

    /** The small trained model, wherever the tests are started from. */
    public static Path tinyLlama() {
        Path folder = Path.of("").toAbsolutePath();
        while (folder != null && !Files.exists(folder.resolve("samples/tiny-llama/config.json"))) {
            folder = folder.getParent();
        }
        if (folder == null) {
            throw new IllegalStateException(
                    "samples/tiny-llama: missing above " + Path.of("").toAbsolutePath());
        }
        return folder.resolve("samples/tiny-llama");
    }
}
