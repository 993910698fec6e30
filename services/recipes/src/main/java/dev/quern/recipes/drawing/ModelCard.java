package dev.quern.recipes.drawing;

import dev.quern.recipes.Formats;
import dev.quern.recipes.Loading;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.report.Closeness;
import dev.quern.recipes.report.Figures;
import dev.quern.recipes.report.Report;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.StringJoiner;
import org.jspecify.annotations.Nullable;

/**
 * {@code README.md} of a result: front matter that model hubs read, quality, how to load it, how it was made. It holds
 * no time and no path, so the same request writes the same card.
 *
 * @param baseModel the source's id on a hub, {@code owner/name}; null where it is not known
 * @param frontMatter lines of the source's own card that hold for the result too: licence and languages
 * @param reproduce the command that makes the result again
 */
public record ModelCard(Report report, @Nullable String baseModel, List<String> frontMatter, String reproduce) {
    public ModelCard {
        frontMatter = List.copyOf(frontMatter);
    }

    /** As Markdown. */
    public String render() {
        StringJoiner text = new StringJoiner("\n\n", "", "\n");
        text.add(head());
        text.add("# " + title());
        text.add(summary());
        text.add("## Quality");
        text.add(quality());
        text.add("## Load it");
        text.add(loading());
        text.add("## How it was made");
        text.add(recipe());
        text.add("```sh\n" + reproduce + "\n```");
        text.add("<details><summary>The whole recipe</summary>\n\n```json\n"
                + Json.writePretty(RecordCodec.write(report.knownRecipe())) + "\n```\n\n</details>");
        text.add(provenance());
        return text.toString();
    }

    private String head() {
        List<String> lines = new ArrayList<>(List.of("---"));
        if (baseModel != null) {
            lines.add("base_model: " + baseModel);
            lines.add("base_model_relation: quantized");
        }
        lines.addAll(frontMatter);
        lines.add("library_name: transformers");
        lines.add("pipeline_tag: text-generation");
        lines.add("tags:");
        tags().forEach(tag -> lines.add("- " + tag));
        lines.add("---");
        return String.join("\n", lines);
    }

    private List<String> tags() {
        Recipe.Grid grid = report.knownRecipe().grid();
        return List.of(format(), "quantized", method(), grid.bits() + "-bit", "w" + grid.bits() + "a16", "quern");
    }

    private String format() {
        return Objects.requireNonNullElse(report.model().format(), Formats.COMPRESSED_TENSORS);
    }

    private String method() {
        return report.knownRecipe().rounding().shortName();
    }

    private String title() {
        return report.model().source() + ", " + report.knownRecipe().grid().bits() + " bits";
    }

    private String summary() {
        Report.Sizes sizes = report.sizes();
        Closeness closeness = report.closeness();
        return report.model().source() + " (" + report.model().type() + ", "
                + Figures.count(report.model().parameters()) + " parameters) compressed from "
                + Figures.bytes(sizes.sourceBytes()) + " to " + Figures.bytes(sizes.outputBytes()) + ": "
                + Figures.count(sizes.weightsCompressed()) + " weights take " + Figures.fixed(sizes.bitsPerWeight(), 2)
                + " bits each, all others are unchanged."
                + (closeness == null ? "" : " The result is **" + closeness.phrase() + "**.");
    }

    private String quality() {
        StringJoiner table = new StringJoiner("\n");
        table.add("| text | perplexity, original | compressed | ratio | KL mean | KL p99 | top-1 kept | tokens |");
        table.add("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        report.evaluations()
                .forEach(e -> table.add("| " + cell(e.file()) + " | " + Figures.fixed(e.pplOriginal(), 3)
                        + " | " + Figures.fixed(e.pplCompressed(), 3) + " | " + Figures.fixed(e.pplRatio(), 4) + " | "
                        + Figures.number(e.klMean()) + " | " + Figures.number(e.klP99()) + " | "
                        + Figures.fixed(100 * e.top1(), 2) + " % | " + Figures.count(e.tokens()) + " |"));
        return table
                + "\n\nKL is the divergence of the next-token distribution from the original's, in nats per token. Top-1 is the"
                + " share of tokens whose most probable successor stays the same. Original and compressed model read the same windows, of "
                + windows() + " tokens." + activations();
    }

    private String activations() {
        Activations activations = report.knownRecipe().activations();
        return activations == null ? "" : " Beware: " + activations.note() + ".";
    }

    private String windows() {
        return report.evaluations().stream()
                .map(e -> String.valueOf(e.seqLen()))
                .distinct()
                .reduce((a, b) -> a + " and " + b)
                .orElse("0");
    }

    private String loading() {
        StringJoiner text = new StringJoiner("\n\n");
        for (Loading loading : Loading.of(format(), report.knownRecipe())) {
            text.add(loading.sentence() + (LoadingDrawing.offered(loading) ? ":" : "."));
            if (LoadingDrawing.offered(loading)) {
                text.add("```\n" + loading.commandFor("./" + folder()) + "\n```");
            }
        }
        return text.toString();
    }

    private String folder() {
        return report.model().source() + "-" + report.knownRecipe().name();
    }

    private String recipe() {
        Recipe recipe = report.knownRecipe();
        Recipe.Grid grid = recipe.grid();
        StringJoiner text = new StringJoiner("\n");
        text.add("| | |");
        text.add("| --- | --- |");
        text.add("| recipe | " + cell(recipe.name()) + " |");
        text.add("| method | " + method().toUpperCase(Locale.ROOT) + ", " + lower(recipe.propagation()) + " |");
        text.add("| grid | " + grid.bits() + " bits, "
                + groups(grid.groupSize()) + ", "
                + (grid.symmetric() ? "symmetric" : "asymmetric") + ", clip search " + lower(grid.clipSearch()) + " |");
        if (recipe.activations() != null) {
            text.add("| activations | " + recipe.activations().title() + ", by the engine |");
        }
        text.add("| calibration | " + calibration() + " |");
        text.add("| format | "
                + (format().equals(Formats.COMPRESSED_TENSORS) ? format() + ", pack-quantized" : format()) + " |");
        return text.toString();
    }

    private String calibration() {
        Report.Calibration calibration = report.calibration();
        return calibration.windows() == 0
                ? "none"
                : cell(calibration.source()) + ", " + calibration.windows() + " windows of " + calibration.seqLen()
                        + " tokens, SHA-256 " + calibration.digest();
    }

    private String provenance() {
        return "Source: SHA-256 " + report.model().digest()
                + " over the sorted (path, size, SHA-256) of its files. This result: "
                + report.model().outputDigest()
                + "; `quern verify` checks it. `quern-report.json` and `quern-report.html` hold the"
                + " error of every linear, `" + Recipe.FILE + "` the recipe. Made with Quern "
                + report.origin().versions().getOrDefault("quern", "") + ".";
    }

    private static String lower(Enum<?> value) {
        return value.name().toLowerCase(Locale.ROOT);
    }

    /** A name from outside stays one cell. */
    private static String cell(String text) {
        return text.replace("\\", "\\\\").replace("|", "\\|").replace("\n", " ").replace("<", "&lt;");
    }

    private static String groups(int size) {
        return switch (size) {
            case Recipe.Grid.AUTO -> "groups by linear";
            case 0 -> "one scale per row";
            default -> "groups of " + size;
        };
    }
}
