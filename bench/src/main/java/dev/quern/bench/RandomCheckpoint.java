package dev.quern.bench;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.checkpoint.ShardedWriter;
import dev.quern.engine.checkpoint.safetensors.OutputTensor;
import dev.quern.engine.checkpoint.safetensors.StoredType;
import dev.quern.engine.families.Architectures;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.TensorSpec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.SplittableRandom;
import java.util.stream.IntStream;

/**
 * Writes a llama checkpoint with random weights in bf16, for measuring size and speed: it loads and runs like a trained
 * one of its shape, and says nothing. One tensor is in memory at a time; equal options give equal bytes.
 *
 * <p>Arguments: a new folder, the folder of a llama tokenizer, then {@code name=value} of: blocks (4), hidden (4096),
 * ffn (14336), heads (32), kvHeads (8), vocabulary (128256), positions (8192), seed (1). The defaults are the shape of
 * a model of 8 billion weights.
 */
public final class RandomCheckpoint {
    private static final Map<String, Integer> DEFAULTS = Map.of(
            "blocks", 4,
            "hidden", 4096,
            "ffn", 14336,
            "heads", 32,
            "kvHeads", 8,
            "vocabulary", 128256,
            "positions", 8192,
            "seed", 1);
    private static final double EPS = 1e-5;
    private static final double THETA = 500000;
    private static final List<String> TOKENIZER = List.of("tokenizer.json", "tokenizer_config.json");
    private static final ValueLayout.OfShort BF16 = ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);
    private static final short ONE = bf16(1);

    private final Path folder;
    private final Map<String, Integer> options;

    private RandomCheckpoint(Path folder, Map<String, Integer> options) {
        this.folder = folder;
        this.options = options;
    }

    public static void main(String[] args) throws IOException {
        if (args.length < 2) {
            throw new IllegalArgumentException("arguments (expected: FOLDER TOKENIZER [blocks=4] [hidden=4096] …)");
        }
        Path folder = Path.of(args[0]);
        Files.createDirectories(folder);
        Map<String, Integer> options = new LinkedHashMap<>(DEFAULTS);
        for (String argument : List.of(args).subList(2, args.length)) {
            int equals = argument.indexOf('=');
            String name = argument.substring(0, Math.max(0, equals));
            if (options.replace(name, Integer.parseInt(argument.substring(equals + 1))) == null) {
                throw new IllegalArgumentException(argument + " (expected: one of " + DEFAULTS.keySet() + ")");
            }
        }
        for (String file : TOKENIZER) {
            Files.copy(Path.of(args[1], file), folder.resolve(file));
        }
        long bytes = new RandomCheckpoint(folder, options).write();
        System.out.printf(Locale.ROOT, "%s: %.2f GB in bf16%n", folder, bytes / 1e9);
    }

    private long write() throws IOException {
        JsonObject config = config();
        Architecture architecture = Architectures.of(new ModelConfig(config));
        List<OutputTensor> tensors =
                architecture.tensors().stream().map(RandomCheckpoint::output).toList();
        try (ShardedWriter writer = new ShardedWriter(folder, tensors, ShardedWriter.MAX_SHARD_BYTES)) {
            SplittableRandom seeds = new SplittableRandom(option("seed"));
            for (TensorSpec tensor : architecture.tensors()) {
                write(writer, tensor, seeds.nextLong());
            }
            writer.commit();
        }
        Files.writeString(folder.resolve("config.json"), Json.writePretty(config) + "\n");
        return tensors.stream().mapToLong(OutputTensor::bytes).sum();
    }

    private JsonObject config() {
        return JsonObject.EMPTY
                .with("architectures", new JsonArray(List.of(new JsonString("LlamaForCausalLM"))))
                .with("model_type", "llama")
                .with("hidden_size", option("hidden"))
                .with("intermediate_size", option("ffn"))
                .with("num_hidden_layers", option("blocks"))
                .with("num_attention_heads", option("heads"))
                .with("num_key_value_heads", option("kvHeads"))
                .with("vocab_size", option("vocabulary"))
                .with("max_position_embeddings", option("positions"))
                .with("rms_norm_eps", JsonNumber.of(EPS))
                .with("rope_theta", JsonNumber.of(THETA))
                .with("hidden_act", "silu")
                .with("tie_word_embeddings", false)
                .with("bos_token_id", 0)
                .with("eos_token_id", 1)
                .with("torch_dtype", "bfloat16");
    }

    private int option(String name) {
        return Objects.requireNonNull(options.get(name), name);
    }

    private static OutputTensor output(TensorSpec tensor) {
        List<Long> shape = tensor.shape().stream().map(Integer::longValue).toList();
        return new OutputTensor(tensor.name(), StoredType.BF16, shape);
    }

    private static void write(ShardedWriter writer, TensorSpec tensor, long seed) throws IOException {
        try (Arena arena = Arena.ofShared()) {
            MemorySegment values = arena.allocate((long) tensor.rows() * tensor.cols() * Short.BYTES, Short.BYTES);
            if (tensor.shape().size() == 1) {
                fill(values, ONE);
            } else {
                int cols = tensor.cols();
                IntStream.range(0, tensor.rows()).parallel().forEach(row -> randomRow(values, row, cols, seed));
            }
            writer.write(tensor.name(), values);
        }
    }

    private static void fill(MemorySegment values, short value) {
        for (long i = 0; i < values.byteSize() / Short.BYTES; i++) {
            values.setAtIndex(BF16, i, value);
        }
    }

    /** About normal, each the sum of four uniform numbers, scaled so that a product keeps the size of its inputs. */
    private static void randomRow(MemorySegment values, int row, int cols, long seed) {
        SplittableRandom random = new SplittableRandom(seed + row);
        // The variance of a sum of four uniform 16-bit numbers is 4 * 2^32 / 12.
        double scale = 1 / Math.sqrt(4 * 0x1p32 / 12 * cols);
        for (int col = 0; col < cols; col++) {
            long bits = random.nextLong();
            long sum = (bits & 0xffff) + (bits >>> 16 & 0xffff) + (bits >>> 32 & 0xffff) + (bits >>> 48);
            double value = (sum - 2 * 65535.0) * scale;
            values.setAtIndex(BF16, (long) row * cols + col, bf16(value));
        }
    }

    /** Rounded to nearest. */
    private static short bf16(double value) {
        int bits = Float.floatToRawIntBits((float) value);
        return (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }
}
