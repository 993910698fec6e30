package dev.quern.cli.compress;

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

    @Test
    void uploadsAreNamedByTheirIdsOnceTheyAreThere() {
        JobRequest request = request(null, null, false)
                .reading(
                        JobRequest.Source.uploaded("digest-of-model"),
                        JobRequest.Result.of(JobRequest.Source.uploaded("digest-of-result"))
                                .named("small"),
                        JobRequest.Calibration.of(JobRequest.Source.uploaded("digest-of-text"), 16, null),
                        List.of(
                                JobRequest.Evaluation.of(JobRequest.Source.objects("s3://texts/a.txt"), 4, null),
                                JobRequest.Evaluation.of(JobRequest.Source.uploaded("digest-of-text"), null, 128)));

        JobRequest sent = Requests.withUploads(
                Requests.labelled(request),
                Map.of("digest-of-model", "1", "digest-of-text", "2", "digest-of-result", "3"));

        assertThat(sent.source().upload()).isEqualTo("1");
        assertThat(sent.result()).isEqualTo(new JobRequest.Result(null, null, "3", null, 0, "small"));
        assertThat(sent.calibration()).isEqualTo(new JobRequest.Calibration(null, null, "2", 16, null));
        assertThat(sent.evaluation())
                .containsExactly(
                        new JobRequest.Evaluation(null, "s3://texts/a.txt", null, 4, null),
                        new JobRequest.Evaluation(null, null, "2", null, 128));
        assertThat(sent.labels()).isEqualTo(Requests.labelled(request).labels());
    }

    @Test
    void whatAResultIsCalledDoesNotCountButWhichOneItIsDoes() {
        assertThat(label(evaluation("a", "one"))).isEqualTo(label(evaluation("a", "two")));
        assertThat(label(evaluation("a", "one"))).isNotEqualTo(label(evaluation("b", "one")));
    }

    private static JobRequest evaluation(String job, String name) {
        JobRequest request = request(null, null, false);
        return request.reading(request.source(), JobRequest.Result.ofJob(job, 0).named(name), null, List.of());
    }

    private static String label(JobRequest request) {
        return Requests.labelled(request).labels().get(Requests.LABEL);
    }

    private static JobRequest request(@Nullable String name, @Nullable Gate gate, boolean detach) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer("/models/m"),
                null,
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                null,
                List.of(),
                List.of(new JobRequest.Output("compressed-tensors", null, null)),
                gate,
                new JobRequest.Naming(Map.of(), name),
                detach,
                null,
                null);
    }
}
