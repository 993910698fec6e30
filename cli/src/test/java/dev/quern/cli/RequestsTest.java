package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class RequestsTest {
    @Test
    void nameAndDetachDoNotChangeWhatARequestAsksFor() {
        assertThat(label(request("a", null, true))).isEqualTo(label(request("b", null, false)));
    }

    @Test
    void anythingElseDoes() {
        assertThat(label(request(null, new Gate(0.1, null, null), false)))
                .isNotEqualTo(label(request(null, null, false)));
    }

    private static String label(JobRequest request) {
        return Requests.labelled(request).labels().get(Requests.LABEL);
    }

    private static JobRequest request(@Nullable String name, @Nullable Gate gate, boolean detach) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.folder("/models/m"),
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                null,
                List.of(),
                List.of(new JobRequest.Output("compressed-tensors", null, null)),
                gate,
                Map.of(),
                name,
                detach,
                null,
                null);
    }
}
