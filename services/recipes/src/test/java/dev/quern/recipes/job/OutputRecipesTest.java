package dev.quern.recipes.job;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.recipes.JobRequest;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import org.junit.jupiter.api.Test;

class OutputRecipesTest {
    /** No loader turns activations, so a format for loaders cannot hold what needs it. */
    @Test
    void aTurnThatNoLoaderMakesIsRefusedBeforeAnyWork() {
        assertThatThrownBy(() -> OutputRecipes.of(request("compressed-tensors", true)))
                .isInstanceOfSatisfying(
                        QuernException.class, e -> assertThat(e.code()).isEqualTo(ErrorCode.INVALID_REQUEST))
                .hasMessage(
                        "outputs.0.format: compressed-tensors (expected: quern-sparse: mine turns activations online,"
                                + " which no loader of other formats does)");
        assertThat(OutputRecipes.of(request("quern-sparse", true))).hasSize(1);
        assertThat(OutputRecipes.of(request("compressed-tensors", false))).hasSize(1);
    }

    private static JobRequest request(String format, boolean online) {
        String transform = online ? "{\"type\": \"rotate\", \"online\": true}" : "{\"type\": \"rotate\"}";
        return RecordCodec.read(Json.parse("""
                        {"apiVersion": "quern/v1", "source": {"path": "/model"},
                         "recipe": {"inline": {"apiVersion": "quern/v1", "name": "mine", "extends": "gptq-w4a16",
                                               "transform": %s}},
                         "outputs": [{"format": "%s"}]}
                        """.formatted(transform, format)), JobRequest.class);
    }
}
