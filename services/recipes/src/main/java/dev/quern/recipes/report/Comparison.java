package dev.quern.recipes.report;

import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.report.Report.Evaluation;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Results side by side. Figures of a text share a row only where every side read the same windows of it.
 *
 * @param recipe the fields in which the recipes differ
 * @param linears those whose errors differ most, the largest difference first; none whose error is not finite
 * @param warnings what keeps figures from being compared
 */
public record Comparison(
        List<Side> sides, List<Difference> recipe, List<Text> texts, List<Linear> linears, List<String> warnings) {
    private static final int LINEARS = 10;

    /**
     * One result.
     *
     * @param label as the user named it
     * @param seconds at work
     */
    public record Side(
            String label,
            String model,
            String recipe,
            @Nullable Closeness quality,
            Report.Sizes sizes,
            double seconds) {}

    /**
     * A field of recipes, for example {@code grid.bits}.
     *
     * @param values one for each side
     */
    public record Difference(String field, List<String> values) {}

    /**
     * @param same whether all sides read the same windows
     * @param figures of the sides that read it
     */
    public record Text(String file, boolean same, List<Measured> figures) {}

    /** @param side its position, from 0 */
    public record Measured(int side, Evaluation figures) {}

    /**
     * @param errors relative errors as ratios of norms, one for each side
     * @param heldOut the same on the first evaluation text; null where a side did not measure it or read other windows,
     *     or one is not finite
     * @param sparsities shares of zeros, one for each side; null where they are alike, or a side does not say
     * @param tokens that reached it in calibration, likewise
     */
    public record Linear(
            String name,
            List<Double> errors,
            @Nullable List<Double> heldOut,
            @Nullable List<Double> sparsities,
            @Nullable List<Long> tokens) {
        double spread() {
            double least = errors.stream().mapToDouble(e -> e).min().orElse(0);
            double most = errors.stream().mapToDouble(e -> e).max().orElse(0);
            return most - least;
        }
    }

    /**
     * @param labels one for each report
     * @param reports at least two
     */
    public static Comparison of(List<String> labels, List<Report> reports) {
        List<Side> sides = new ArrayList<>();
        for (int i = 0; i < reports.size(); i++) {
            sides.add(side(labels.get(i), reports.get(i)));
        }
        List<Text> texts = texts(reports);
        return new Comparison(sides, differences(reports), texts, linears(reports), warnings(reports, texts));
    }

    private static Side side(String label, Report report) {
        return new Side(
                label,
                report.model().source(),
                report.recipeName(),
                report.closeness(),
                report.sizes(),
                report.times().secondsPerStage().values().stream()
                        .mapToDouble(Double::doubleValue)
                        .sum());
    }

    private static List<Difference> differences(List<Report> reports) {
        List<Map<String, String>> recipes = reports.stream()
                .map(report -> {
                    Map<String, String> fields = new LinkedHashMap<>();
                    if (report.recipe() != null) {
                        flatten("", RecordCodec.write(report.recipe()), fields);
                    }
                    return fields;
                })
                .toList();
        Set<String> names = new LinkedHashSet<>();
        recipes.forEach(fields -> names.addAll(fields.keySet()));
        return names.stream()
                .map(name -> new Difference(
                        name,
                        recipes.stream()
                                .map(fields -> fields.getOrDefault(name, Figures.NONE))
                                .toList()))
                .filter(difference -> difference.values().stream().distinct().count() > 1)
                .toList();
    }

    private static void flatten(String path, JsonValue value, Map<String, String> fields) {
        if (value instanceof JsonObject object) {
            object.members()
                    .forEach((name, member) -> flatten(path.isEmpty() ? name : path + "." + name, member, fields));
        } else {
            fields.put(path, value instanceof JsonString(String text) ? text : Json.write(value));
        }
    }

    private static List<Text> texts(List<Report> reports) {
        Map<String, List<Measured>> byFile = new LinkedHashMap<>();
        for (int i = 0; i < reports.size(); i++) {
            for (Evaluation figures : reports.get(i).evaluations()) {
                byFile.computeIfAbsent(figures.file(), file -> new ArrayList<>())
                        .add(new Measured(i, figures));
            }
        }
        return byFile.entrySet().stream()
                .map(text -> new Text(text.getKey(), same(text.getValue(), reports.size()), text.getValue()))
                .toList();
    }

    private static boolean same(List<Measured> figures, int sides) {
        return figures.stream().map(Measured::side).distinct().count() == sides
                && figures.stream().map(measured -> measured.figures().digest()).allMatch(Objects::nonNull)
                && figures.stream()
                                .map(measured -> measured.figures().digest())
                                .distinct()
                                .count()
                        == 1;
    }

    private static List<Linear> linears(List<Report> reports) {
        List<Map<String, LinearFigures>> sides = reports.stream()
                .map(report -> report.linears().stream()
                        .collect(Collectors.toMap(Report.Linear::name, Report.Linear::figures, (a, b) -> a)))
                .toList();
        List<Map<String, Double>> heldOut = heldOut(reports);
        return reports.getFirst().linears().stream()
                .map(Report.Linear::name)
                .filter(name -> sides.stream().allMatch(side -> side.containsKey(name)))
                .map(name -> linear(
                        name,
                        sides.stream()
                                .map(side -> Objects.requireNonNull(side.get(name)))
                                .toList(),
                        heldOut.stream()
                                .map(side -> side.get(name))
                                .filter(Objects::nonNull)
                                .map(Math::sqrt)
                                .filter(Double::isFinite)
                                .toList()))
                .filter(linear -> linear.errors().stream().allMatch(Double::isFinite))
                .sorted(Comparator.comparingDouble(Linear::spread).reversed())
                .limit(LINEARS)
                .toList();
    }

    /** One for each side; none where the sides did not measure them on the same windows. */
    private static List<Map<String, Double>> heldOut(List<Report> reports) {
        List<String> texts = reports.stream()
                .flatMap(report -> report.heldOutText().map(Evaluation::digest).stream())
                .toList();
        return texts.size() == reports.size() && texts.stream().distinct().count() == 1
                ? reports.stream().map(Report::heldOut).toList()
                : List.of();
    }

    private static Linear linear(String name, List<LinearFigures> sides, List<Double> heldOut) {
        return new Linear(
                name,
                sides.stream().map(side -> Math.sqrt(side.relativeError())).toList(),
                heldOut.size() == sides.size() ? heldOut : null,
                different(sides, LinearFigures::sparsity),
                different(sides, LinearFigures::tokens));
    }

    /** A figure of every side; null where they are alike, or a side does not say it. */
    private static <T> @Nullable List<T> different(
            List<LinearFigures> sides, Function<LinearFigures, @Nullable T> figure) {
        List<T> values = sides.stream()
                .map(side -> figure.apply(side))
                .filter(Objects::nonNull)
                .toList();
        return values.size() == sides.size() && new HashSet<>(values).size() > 1 ? values : null;
    }

    private static List<String> warnings(List<Report> reports, List<Text> texts) {
        List<String> warnings = new ArrayList<>();
        if (reports.stream().map(report -> report.model().digest()).distinct().count() > 1) {
            warnings.add("The results come from different models: compare sizes and recipes, not quality.");
        }
        texts.stream()
                .filter(text -> !text.same())
                .forEach(text -> warnings.add(
                        text.file() + ": not the same windows on every side, so its figures cannot be compared."));
        boolean measured = reports.stream().noneMatch(report -> report.linears().isEmpty());
        if (measured
                && reports.stream()
                                .map(report -> ErrorOf.of(report.knownRecipe()))
                                .distinct()
                                .count()
                        > 1) {
            warnings.add(
                    "Errors of linears are of the output where a recipe calibrates, and of the weights where it does not.");
        }
        return warnings;
    }
}
