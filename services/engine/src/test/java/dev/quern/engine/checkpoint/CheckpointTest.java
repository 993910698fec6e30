package dev.quern.engine.checkpoint;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.checkpoint.safetensors.RawSafetensors;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

public class CheckpointTest {
    public static final Path GOLDEN = Path.of("src/test/resources/golden");
    private static final String INDEX = "model.safetensors.index.json";

    @TempDir
    Path folder;

    @BeforeEach
    void config() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"model_type\":\"llama\"}");
    }

    @Test
    void aCheckpointIsOpened() {
        try (Checkpoint checkpoint = Checkpoint.open(GOLDEN.resolve("base-bf16"))) {
            assertThat(checkpoint.config().modelType()).isEqualTo("llama");
            assertThat(checkpoint.config().torchDtype()).isEqualTo("bfloat16");
            assertThat(checkpoint.tensorNames()).hasSize(21).contains("model.norm.weight");
            assertThat(checkpoint.tensorBytes()).isEqualTo(221824);
            assertThat(checkpoint.tensor("lm_head.weight").rows()).isEqualTo(288);
            assertThat(checkpoint.tensor("model.norm.weight").rows()).isEqualTo(1);
            assertThat(checkpoint.tensor("model.norm.weight").cols()).isEqualTo(64);
            assertThat(checkpoint.files())
                    .containsExactly(
                            "config.json",
                            "generation_config.json",
                            "model.safetensors",
                            "tokenizer.json",
                            "tokenizer_config.json");
        }
    }

    @Test
    void shardsAreOneCheckpoint() throws IOException {
        shard("model-00001-of-00002.safetensors", "a");
        shard("model-00002-of-00002.safetensors", "b");
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames()).containsExactly("a", "b");
            assertThat(checkpoint.files()).hasSize(4).contains(INDEX);
        }
    }

    @Test
    void aMissingFolderIsNamed() {
        Path missing = folder.resolve("no");
        refused(missing, ErrorCode.INVALID_CHECKPOINT, missing + ": no such folder (expected: a checkpoint's folder)");
    }

    @Test
    void aMissingConfigIsNamed() throws IOException {
        Files.delete(folder.resolve("config.json"));
        refused(ErrorCode.INVALID_CHECKPOINT, "config.json: missing (expected: in " + folder + ")");
    }

    @Test
    void aBrokenConfigIsRefusedWithItsLine() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\n \"a\": }");
        refused(ErrorCode.INVALID_CHECKPOINT, "config.json: line 2, column 7: '}' (expected: a value)");
    }

    @Test
    void missingWeightsAreNamed() {
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model.safetensors: missing (expected: model.safetensors or model.safetensors.index.json)");
    }

    @Test
    void aPickleIsRefusedByName() throws IOException {
        Files.write(folder.resolve("pytorch_model.bin"), new byte[] {1});
        refused(
                ErrorCode.UNSAFE_CHECKPOINT,
                "pytorch_model.bin: a pickle, which can run code when it is loaded (expected: weights as *.safetensors)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"model.gguf", "weights.tar.gz", "flax_model.msgpack"})
    void otherFormatsAndArchivesAreRefusedByName(String name) throws IOException {
        Files.write(folder.resolve(name), new byte[] {1});
        refused(
                ErrorCode.UNSAFE_CHECKPOINT,
                name + ": weights in another format, or an archive (expected: weights as *.safetensors)");
    }

    @Test
    void remoteCodeIsRefused() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"auto_map\":{\"AutoModel\":\"modeling.Model\"}}");
        refused(
                ErrorCode.UNSAFE_CHECKPOINT,
                "config.json: auto_map: the model brings code of its own (expected: a family that Quern knows)");
    }

    @Test
    void aQuantizedCheckpointIsRefused() {
        refused(
                GOLDEN.resolve("ct-w4a16-g32-sym"),
                ErrorCode.ALREADY_QUANTIZED,
                "config.json: quantization_config: quant_method compressed-tensors: already quantized"
                        + " (expected: bf16, f16 or f32 weights)");
    }

    @ParameterizedTest
    @ValueSource(strings = {"quantize_config.json", "quant_config.json", "hf_quant_config.json"})
    void aQuantizedCheckpointIsRefusedByItsOwnFileToo(String file) throws IOException {
        shard("model.safetensors", "a");
        Files.writeString(folder.resolve(file), "{}");
        refused(ErrorCode.ALREADY_QUANTIZED, file + ": already quantized (expected: bf16, f16 or f32 weights)");
    }

    @Test
    void anAdapterBesideTheModelIsRefusedByName() throws IOException {
        shard("model.safetensors", "a");
        Files.writeString(folder.resolve("adapter_config.json"), "{}");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "adapter_config.json: an adapter, which loaders would apply"
                        + " (expected: an adapter merged into the weights, and its files removed)");
    }

    @Test
    void aDtypeThatIsNotANameIsRefused() throws IOException {
        shard("model.safetensors", "a");
        Files.writeString(folder.resolve("config.json"), "{\"dtype\": 0}");
        refused(ErrorCode.INVALID_CHECKPOINT, "config.json: dtype: 0 (expected: a string)");
    }

    @Test
    void aDtypeOfNullIsAsGoodAsMissing() throws IOException {
        shard("model.safetensors", "a");
        Files.writeString(folder.resolve("config.json"), "{\"dtype\": null, \"torch_dtype\": \"float16\"}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.config().torchDtype()).isEqualTo("float16");
        }
    }

    @Test
    void aDecoderThatWasSavedWithoutItsHeadHasTheUsualNames() {
        tensors("embed_tokens.weight", "layers.0.mlp.up_proj.weight", "lm_head.weight");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.tensorNames())
                    .containsExactly(
                            "model.embed_tokens.weight", "model.layers.0.mlp.up_proj.weight", "lm_head.weight");
            assertThat(checkpoint.entry("model.embed_tokens.weight").name()).isEqualTo("model.embed_tokens.weight");
            assertThat(checkpoint
                            .tensor("model.layers.0.mlp.up_proj.weight")
                            .data()
                            .toArray(ValueLayout.JAVA_BYTE))
                    .containsExactly(1, 1);
            assertThat(checkpoint.storedName("model.embed_tokens.weight")).isEqualTo("embed_tokens.weight");
        }
    }

    @Test
    void anEmbeddingThatIsStoredAsTheHeadIsTheEmbeddingWhereTheyAreTied() throws IOException {
        tensors("lm_head.weight", "model.norm.weight");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.has("model.embed_tokens.weight")).isFalse();
        }
        Files.writeString(folder.resolve("config.json"), "{\"tie_word_embeddings\": true}");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.has("lm_head.weight")).isFalse();
            assertThat(checkpoint.storedName("model.embed_tokens.weight")).isEqualTo("lm_head.weight");
        }
    }

    /** Every tensor is [2] of U8; both bytes of the n-th are n. */
    private void tensors(String... names) {
        StringBuilder header = new StringBuilder();
        byte[] data = new byte[2 * names.length];
        for (int i = 0; i < names.length; i++) {
            header.append(i == 0 ? "{" : ",")
                    .append("\"%s\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[%d,%d]}"
                            .formatted(names[i], 2 * i, 2 * i + 2));
            Arrays.fill(data, 2 * i, 2 * i + 2, (byte) i);
        }
        RawSafetensors.write(
                folder.resolve("model.safetensors"), header.append('}').toString(), data);
    }

    @Test
    void aMissingShardIsNamed() throws IOException {
        shard("model-00001-of-00002.safetensors", "a");
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model-00002-of-00002.safetensors: missing shard (expected: as model.safetensors.index.json says)");
    }

    @Test
    void aTruncatedShardIsNamed() throws IOException {
        shard("model-00001-of-00002.safetensors", "a");
        Path second = shard("model-00002-of-00002.safetensors", "b");
        byte[] bytes = Files.readAllBytes(second);
        Files.write(second, Arrays.copyOf(bytes, bytes.length - 2));
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model-00002-of-00002.safetensors: truncated: 2 bytes of data (expected: 4, as the header says)");
    }

    @Test
    void aTensorOutsideItsShardIsNamed() throws IOException {
        shard("model-00001-of-00001.safetensors", "a");
        index("\"a\":\"model-00001-of-00001.safetensors\",\"b\":\"model-00001-of-00001.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model-00001-of-00001.safetensors: b: missing (expected: in this shard, as model.safetensors.index.json says)");
    }

    @Test
    void aTensorInTwoShardsIsNamed() throws IOException {
        shard("model-00001-of-00002.safetensors", "a");
        String both = "{\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]},"
                + "\"b\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[1,2]}}";
        RawSafetensors.write(folder.resolve("model-00002-of-00002.safetensors"), both, 2);
        index("\"a\":\"model-00001-of-00002.safetensors\",\"b\":\"model-00002-of-00002.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model-00002-of-00002.safetensors: a: not in the index"
                        + " (expected: every tensor once, as model.safetensors.index.json says)");
    }

    @Test
    void aStaleShardIsNamed() throws IOException {
        shard("model-00001-of-00001.safetensors", "a");
        shard("model-00001-of-00002.safetensors", "a");
        index("\"a\":\"model-00001-of-00001.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model-00001-of-00002.safetensors: stale: no index names it (expected: no shards but the model's)");
    }

    @Test
    void aStaleSingleFileIsNamed() throws IOException {
        shard("model.safetensors", "a");
        shard("model-00001-of-00001.safetensors", "a");
        index("\"a\":\"model-00001-of-00001.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model.safetensors: stale beside model.safetensors.index.json (expected: one of them, loaders differ)");
    }

    @Test
    void anIndexCannotLeaveItsFolder() throws IOException {
        index("\"a\":\"../model.safetensors\"");
        refused(
                ErrorCode.INVALID_CHECKPOINT,
                "model.safetensors.index.json: weight_map: a: \"../model.safetensors\" (expected: a *.safetensors file name)");
    }

    @Test
    void aWrongShapeIsNamed() throws IOException {
        shard("model.safetensors", "a");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            checkpoint.requireTensors(Map.of("a", List.of(2)));
            assertThatThrownBy(() -> checkpoint.requireTensors(Map.of("a", List.of(1, 2))))
                    .hasMessage("model.safetensors: a: shape [2] (expected: [1, 2])");
            assertThatThrownBy(() -> checkpoint.requireTensors(Map.of("b", List.of(2))))
                    .hasMessage("model.safetensors: b: missing (expected: a tensor of this name)");
        }
    }

    @Test
    void aWrongTypeIsNamed() {
        RawSafetensors.write(
                folder.resolve("model.safetensors"),
                "{\"a\":{\"dtype\":\"I8\",\"shape\":[2],\"data_offsets\":[0,2]}}",
                2);
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThatThrownBy(() -> checkpoint.requireTensors(Map.of("a", List.of(2))))
                    .hasMessage("model.safetensors: a: dtype I8 (expected: BF16, F16 or F32)");
        }
    }

    @Test
    void sideFilesAreNeitherWeightsNorCode() throws IOException {
        shard("model.safetensors", "a");
        for (String name : List.of(
                "tokenizer.json", "LICENSE", "modeling.py", "optimizer.bin", ".hidden", "consolidated.00.json")) {
            Files.writeString(folder.resolve(name), "x");
        }
        Files.createDirectory(folder.resolve("additional_chat_templates"));
        Files.writeString(folder.resolve("additional_chat_templates/tool.jinja"), "x");
        Files.createDirectory(folder.resolve("original"));
        Files.writeString(folder.resolve("original/params.json"), "x");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            assertThat(checkpoint.sideFiles())
                    .containsExactly("LICENSE", "additional_chat_templates/tool.jinja", "tokenizer.json");
        }
    }

    @Test
    void aConfigValueOfAnotherTypeIsNamed() throws IOException {
        Files.writeString(folder.resolve("config.json"), "{\"hidden_size\":\"64\",\"rope\":{\"theta\":null}}");
        shard("model.safetensors", "a");
        try (Checkpoint checkpoint = Checkpoint.open(folder)) {
            ModelConfig config = checkpoint.config();
            assertThatThrownBy(() -> config.integer("hidden_size"))
                    .hasMessage("config.json: hidden_size: \"64\" (expected: a whole number)");
            assertThatThrownBy(config::modelType).hasMessage("config.json: model_type: missing (expected: a string)");
            assertThat(config.object("rope")).isNotNull();
            assertThatThrownBy(() -> config.object("rope").number("theta"))
                    .hasMessage("config.json: rope: theta: missing (expected: a number)");
        }
    }

    private Path shard(String file, String tensor) {
        String header = "{\"" + tensor + "\":{\"dtype\":\"BF16\",\"shape\":[2],\"data_offsets\":[0,4]}}";
        return RawSafetensors.write(folder.resolve(file), header, 4);
    }

    private void index(String map) throws IOException {
        Files.writeString(folder.resolve(INDEX), "{\"metadata\":{},\"weight_map\":{" + map + "}}");
    }

    private void refused(ErrorCode code, String message) {
        refused(folder, code, message);
    }

    private static void refused(Path folder, ErrorCode code, String message) {
        assertThatThrownBy(() -> Checkpoint.open(folder))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(code))
                .hasMessage(message);
    }
}
