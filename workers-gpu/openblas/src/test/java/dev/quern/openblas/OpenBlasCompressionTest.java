package dev.quern.openblas;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.engine.calibration.Samples;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.run.CompressionRequest;
import dev.quern.engine.run.CompressionRequest.Text;
import dev.quern.engine.run.CompressionRun;
import dev.quern.engine.run.Workplace;
import dev.quern.recipes.Gate;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.report.Report;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The committed model with recipes of the catalogue, on tiles of full size. */
class OpenBlasCompressionTest {
    @TempDir
    Path folder;

    @Test
    void oneThreadAndTwoWriteTheSameBytesAndGptqIsBetterThanPlainRounding() {
        Report one = run(1, "gptq-w4a16");
        Report two = run(2, "gptq-w4a16");
        Report nearest = run(2, "rtn-w4a16");

        assertThat(one.model().outputDigest()).isEqualTo(two.model().outputDigest());
        assertThat(one.plan().profile()).isEqualTo(two.plan().profile());
        assertThat(one.plan().tile()).isEqualTo(4096);
        assertThat(one.evaluations()).isEqualTo(two.evaluations());
        assertThat(two.evaluations().getFirst().klMean())
                .isPositive()
                .isLessThan(0.8 * nearest.evaluations().getFirst().klMean());
    }

    private Report run(int threads, String recipe) {
        Recipe named = Recipes.find(recipe);
        CompressionRequest request = new CompressionRequest(
                Samples.tinyLlama(), named, new Text(null, 40, 256), List.of(new Text(null, 16, 256)), Gate.NONE);
        Path place = folder.resolve(recipe + threads);
        try (OpenBlasBackend backend = new OpenBlasBackend(threads)) {
            return new CompressionRun(
                            backend,
                            request,
                            new Workplace(place, place.resolve("out"), new Budget(8L << 30, threads, null)))
                    .run();
        }
    }
}
