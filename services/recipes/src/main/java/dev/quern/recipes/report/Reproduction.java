package dev.quern.recipes.report;

import dev.quern.recipes.Formats;
import dev.quern.recipes.Gate;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.process.ShellWord;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/** The command that makes a result again. Files are named without their folders. */
public final class Reproduction {
    private static final String BUILT_IN = "built-in";

    private Reproduction() {}

    /** @param report says what texts are called that came as uploads */
    public static String command(JobRequest request, Recipe recipe, Report report) {
        StringJoiner command = new StringJoiner(" ");
        String model = report.model().source();
        command.add("quern compress").add(ShellWord.quoted("./" + model));
        option(command, "--recipe", Recipes.isBuiltIn(recipe) ? recipe.name() : Recipe.FILE);
        String format = report.model().format();
        option(command, "--format", Formats.COMPRESSED_TENSORS.equals(format) ? null : format);
        JobRequest.Calibration calibration = request.calibration();
        if (calibration != null && recipe.needsCalibration()) {
            text(command, "--calibration", report.calibration().source());
            option(command, "--samples", calibration.samples());
            option(command, "--seq-len", calibration.seqLen());
        }
        evaluation(command, request, report);
        gate(command, request.gate());
        option(command, "--out", "./" + model + "-" + recipe.name());
        return command.toString();
    }

    private static void evaluation(StringJoiner command, JobRequest request, Report report) {
        report.evaluations().forEach(text -> text(command, "--evaluate", text.file()));
        request.evaluation().stream()
                .findFirst()
                .ifPresent(first -> option(command, "--eval-windows", first.windows()));
    }

    private static void gate(StringJoiner command, @Nullable Gate gate) {
        if (gate != null) {
            option(command, "--max-kl", plain(gate.maxKl()));
            option(command, "--max-ppl-ratio", plain(gate.maxPplRatio()));
            option(command, "--min-top1", plain(gate.minTop1()));
        }
    }

    private static @Nullable String plain(@Nullable Double figure) {
        return figure == null ? null : Figures.plain(figure);
    }

    private static void text(StringJoiner command, String option, String file) {
        if (!file.equals(BUILT_IN)) {
            option(command, option, file);
        }
    }

    private static void option(StringJoiner command, String name, @Nullable Object value) {
        if (value != null) {
            command.add(name).add(ShellWord.quoted(value.toString()));
        }
    }
}
