package dev.quern.recipes;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Loading.Answer;
import dev.quern.recipes.Loading.Packed;
import dev.quern.recipes.Loading.Packing;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
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
        assertThat(Loading.of(alike(new Packed(bits, group, symmetric))))
                .extracting(Loading::answer)
                .containsExactly(vllm, sglang, transformers);
    }

    /** transformers 5.24 decodes all linears by the first group of the config where it decodes while it loads. */
    @Test
    void severalGridsLoadInTransformersUnlessItDecodesThem() {
        Loading symmetric = Loading.of(alike(new Packed(4, 64, true), new Packed(8, 128, true)))
                .getLast();
        assertThat(symmetric.answer()).isEqualTo(Answer.LOADS);
        assertThat(symmetric.detail()).isEqualTo("several grids: not with CompressedTensorsConfig(dequantize=True)");
        Loading asymmetric = Loading.of(alike(new Packed(4, 64, false), new Packed(4, 128, false)))
                .getLast();
        assertThat(asymmetric.answer()).isEqualTo(Answer.REFUSED);
        assertThat(asymmetric.detail()).contains("give all linears the same bits and --group-size");
    }

    @Test
    void layersThatAreJoinedAreTreatedAlike() {
        assertThat(vllm("q_proj", null)).isEqualTo(Answer.REFUSED);
        assertThat(vllm("down_proj", null)).isEqualTo(Answer.LOADS);
        assertThat(vllm("v_proj", new Packed(8, 128, true))).isEqualTo(Answer.REFUSED);
        assertThat(vllm("o_proj", new Packed(8, 128, true))).isEqualTo(Answer.LOADS);
        assertThat(vllm("down_proj", new Packed(5, 128, true))).isEqualTo(Answer.CONDITIONAL);
    }

    /** The answer for a block in which one linear is on another grid than the rest. */
    private static Answer vllm(String other, @Nullable Packed grid) {
        Map<String, Optional<Packed>> linears = new LinkedHashMap<>();
        for (String linear : List.of("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")) {
            linears.put(
                    "model.layers.0.x." + linear,
                    linear.equals(other) ? Optional.ofNullable(grid) : Optional.of(new Packed(4, 128, true)));
        }
        return Loading.of(Packing.of(linears)).getFirst().answer();
    }

    private static Packing alike(Packed... grids) {
        return new Packing(new LinkedHashSet<>(List.of(grids)), false);
    }

    @Test
    void noLoaderTakesAFormatOfOurOwn() {
        Packing usual = alike(new Packed(4, 128, true));

        assertThat(Loading.of(Formats.COMPRESSED_TENSORS, usual)).isEqualTo(Loading.of(usual));
        assertThat(Loading.of(Formats.QUERN_SPARSE, usual))
                .extracting(Loading::answer)
                .containsOnly(Answer.REFUSED);
        assertThat(Loading.notes(Formats.COMPRESSED_TENSORS, usual)).isEmpty();
        assertThat(Loading.notes(Formats.QUERN_SPARSE, usual))
                .hasSize(3)
                .allMatch(Loading::isNote)
                .contains("vLLM 0.33: does not load (it does not know quern-sparse: quern convert makes a result in"
                        + " compressed-tensors of it)");
        assertThat(Loading.isNote("not compressed: model.layers.0.mlp.up_proj")).isFalse();
    }

    @Test
    void aSentenceNamesVersionAndReason() {
        List<Loading> loadings = Loading.of(alike(new Packed(3, 64, true), new Packed(3, 128, true)));
        assertThat(loadings)
                .extracting(Loading::sentence)
                .containsExactly(
                        "vLLM 0.33: loads only under a condition (with its Humming kernels enabled; earlier versions refuse"
                                + " 3 bits)",
                        "SGLang 0.5.23: does not load (4 and 8 bits only)",
                        "transformers 5.24 with compressed-tensors 0.20: loads (several grids: not with"
                                + " CompressedTensorsConfig(dequantize=True); 3 bits need compressed-tensors 0.18 or newer)");
        assertThat(loadings.getFirst().commandFor("./out")).isEqualTo("vllm serve ./out");
    }
}
