package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Loading.Answer;
import dev.quern.recipes.Loading.Packing;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoadingTest {
    @ParameterizedTest
    @CsvSource({
        "4, 128, true, LOADS, LOADS, LOADS",
        "4, 0, false, LOADS, LOADS, CONDITIONAL",
        "8, 32, true, LOADS, LOADS, LOADS",
        "8, 64, false, CONDITIONAL, LOADS, CONDITIONAL",
        "3, 128, true, CONDITIONAL, REFUSED, LOADS",
        "2, 64, false, CONDITIONAL, REFUSED, CONDITIONAL",
        "4, 48, true, UNTRIED, UNTRIED, LOADS"
    })
    void eachLoaderTakesWhatItSays(
            int bits, int group, boolean symmetric, Answer vllm, Answer sglang, Answer transformers) {
        assertThat(Loading.of(new Packing(bits, Set.of(group), symmetric, List.of())))
                .extracting(Loading::answer)
                .containsExactly(vllm, sglang, transformers);
    }

    /** transformers 5.24 decodes all linears by the first group of the config where it decodes while it loads. */
    @Test
    void severalGroupSizesLoadInTransformersUnlessItDecodesThem() {
        Loading symmetric =
                Loading.of(new Packing(4, Set.of(64, 128), true, List.of())).getLast();
        assertThat(symmetric.answer()).isEqualTo(Answer.LOADS);
        assertThat(symmetric.detail())
                .isEqualTo("several group sizes: not with CompressedTensorsConfig(dequantize=True)");
        Loading asymmetric =
                Loading.of(new Packing(4, Set.of(64, 128), false, List.of())).getLast();
        assertThat(asymmetric.answer()).isEqualTo(Answer.REFUSED);
        assertThat(asymmetric.detail()).contains("--group-size gives all linears the same");
    }

    @Test
    void layersThatAreJoinedAreIgnoredTogether() {
        String attention = "model.layers.0.self_attn.";
        assertThat(vllm(List.of(attention + "q_proj"))).isEqualTo(Answer.REFUSED);
        assertThat(vllm(List.of(attention + "q_proj", attention + "k_proj", attention + "v_proj")))
                .isEqualTo(Answer.LOADS);
        assertThat(vllm(List.of("model.layers.0.mlp.down_proj"))).isEqualTo(Answer.LOADS);
    }

    private static Answer vllm(List<String> ignored) {
        return Loading.of(new Packing(4, Set.of(128), true, ignored)).getFirst().answer();
    }

    @Test
    void aSentenceNamesVersionAndReason() {
        List<Loading> loadings = Loading.of(new Packing(3, Set.of(64, 128), true, List.of()));
        assertThat(loadings)
                .extracting(Loading::sentence)
                .containsExactly(
                        "vLLM 0.33: loads only under a condition (with its Humming kernels enabled; earlier versions refuse"
                                + " 3 bits)",
                        "SGLang 0.5.23: does not load (4 and 8 bits only)",
                        "transformers 5.24 with compressed-tensors 0.20: loads (several group sizes: not with"
                                + " CompressedTensorsConfig(dequantize=True); 3 bits need compressed-tensors 0.18 or newer)");
        assertThat(loadings.getFirst().commandFor("./out")).isEqualTo("vllm serve ./out");
    }
}
