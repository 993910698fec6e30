package dev.quern.engine.model;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.families.Architectures;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Small random checkpoints with the logits of transformers, written by src/test/python/make_model_fixtures.py. */
public enum ModelFixture {
    /** bf16, one file, as many key/value heads as query heads. */
    LLAMA_DEFAULT,
    /** bf16, two shards, grouped heads wider than hidden / heads, tied. */
    LLAMA_LLAMA3_ROPE,
    /** f16, one key/value head, config as transformers 4 spells it. */
    LLAMA_LLAMA3_ROPE_V4,
    /** f32, shards, biases on all linears. */
    LLAMA_LINEAR_ROPE_BIASES,
    /** bf16, heads narrower than hidden / heads, rope_scaling.type. */
    LLAMA_LINEAR_ROPE_V4,
    QWEN2_TIED,
    QWEN2_V4,
    QWEN3,
    QWEN3_TIED_BIASES;

    private static final int WINDOWS = 2;
    private static final List<String> FILES = List.of(
            "config.json",
            "model.safetensors",
            "model.safetensors.index.json",
            "model-00001-of-00002.safetensors",
            "model-00002-of-00002.safetensors");

    /** An open fixture, in a folder that is deleted on close. */
    public record Model(Checkpoint checkpoint, Architecture architecture) implements AutoCloseable {
        public WeightSource source(ComputeBackend backend) {
            return new StoredWeights(backend, checkpoint);
        }

        @Override
        public void close() {
            Path folder = Path.of(checkpoint.location());
            checkpoint.close();
            delete(folder);
        }
    }

    public Model open() {
        Checkpoint checkpoint = Checkpoint.open(folder());
        return new Model(checkpoint, Architectures.of(checkpoint.config()));
    }

    /** A copy in a new folder: the resources may be in a jar, which cannot be mapped. */
    public Path folder() {
        try {
            Path folder = Files.createTempDirectory("fixture");
            for (String file : FILES) {
                try (InputStream in = resource(file)) {
                    if (in != null) {
                        Files.copy(in, folder.resolve(file));
                    }
                }
            }
            return folder;
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Ids of all windows. */
    public int[] tokens() {
        ByteBuffer bytes = bytes("tokens.i32");
        int[] tokens = new int[bytes.remaining() / Integer.BYTES];
        bytes.asIntBuffer().get(tokens);
        return tokens;
    }

    public int seqLen() {
        return tokens().length / WINDOWS;
    }

    /** [tokens, vocabulary]. */
    public float[] logits() {
        ByteBuffer bytes = bytes("logits.f32");
        float[] logits = new float[bytes.remaining() / Float.BYTES];
        bytes.asFloatBuffer().get(logits);
        return logits;
    }

    private ByteBuffer bytes(String file) {
        try (InputStream in = resource(file)) {
            return ByteBuffer.wrap(in.readAllBytes()).order(ByteOrder.LITTLE_ENDIAN);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private InputStream resource(String file) {
        return ModelFixture.class.getResourceAsStream(
                name().toLowerCase(Locale.ROOT).replace('_', '-') + "/" + file);
    }

    private static void delete(Path folder) {
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.toList()) {
                Files.delete(file);
            }
            Files.delete(folder);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
