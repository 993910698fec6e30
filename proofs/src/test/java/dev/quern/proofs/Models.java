package dev.quern.proofs;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredTensor;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/** Checkpoints of more blocks than the sample has: the blocks of the sample, over and over. */
final class Models {
    static final Path TINY = Installation.CHECKOUT.resolve("samples/tiny-llama");

    private static final int TINY_BLOCKS = 4;
    private static final Pattern BLOCK = Pattern.compile("(model\\.layers\\.)(\\d+)(\\..*)");
    private static final List<String> TOKENIZER = List.of("tokenizer.json", "tokenizer_config.json");

    private Models() {}

    /**
     * @param folder exists and is empty
     * @param blocks a multiple of the sample's
     */
    static void repeat(Path folder, int blocks) throws IOException {
        try (Checkpoint tiny = Checkpoint.open(TINY)) {
            Map<String, StoredTensor> tensors = new LinkedHashMap<>();
            for (String name : tiny.tensorNames()) {
                copies(name, blocks).forEach(copy -> tensors.put(copy, tiny.tensor(name)));
            }
            write(folder, tensors);
        }
        JsonObject config = (JsonObject) Json.parse(Files.readAllBytes(TINY.resolve("config.json")));
        Files.writeString(
                folder.resolve("config.json"), Json.writePretty(config.with("num_hidden_layers", blocks)) + "\n");
        for (String file : TOKENIZER) {
            Files.copy(TINY.resolve(file), folder.resolve(file));
        }
    }

    private static List<String> copies(String name, int blocks) {
        Matcher block = BLOCK.matcher(name);
        if (!block.matches()) {
            return List.of(name);
        }
        int first = Integer.parseInt(block.group(2));
        return IntStream.iterate(first, index -> index < blocks, index -> index + TINY_BLOCKS)
                .mapToObj(index -> block.group(1) + index + block.group(3))
                .toList();
    }

    private static void write(Path folder, Map<String, StoredTensor> tensors) throws IOException {
        List<OutputTensor> outputs = tensors.entrySet().stream()
                .map(entry -> new OutputTensor(
                        entry.getKey(),
                        entry.getValue().type(),
                        entry.getValue().shape()))
                .toList();
        try (ShardedWriter writer = new ShardedWriter(folder, outputs, ShardedWriter.MAX_SHARD_BYTES)) {
            for (Map.Entry<String, StoredTensor> tensor : tensors.entrySet()) {
                writer.write(tensor.getKey(), tensor.getValue().data());
            }
            writer.commit();
        }
    }
}
