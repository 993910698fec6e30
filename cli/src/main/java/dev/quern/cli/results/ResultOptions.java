package dev.quern.cli.results;

import dev.quern.cli.command.Heading;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** Where a result goes, and whether it is taken. */
@Heading(value = "Result", order = 2)
public final class ResultOptions {
    @Option(
            names = "--out",
            paramLabel = "DIR",
            description =
                    "Where the result goes: a folder that is empty or does not exist, or s3://bucket/prefix, which the"
                            + " server writes itself (default: ./MODEL-RECIPE). Of several recipes each result goes to DIR/RECIPE.")
    private @Nullable String out;

    @Option(names = "--overwrite", description = "Replace what is under --out, once the new result is there.")
    private boolean overwrite;

    @Option(names = "--accept-quarantined", description = "Take the result even where it fails the gate.")
    private boolean acceptQuarantined;

    /**
     * As it was typed, or a folder here that says what is in it.
     *
     * @param model its name
     * @param recipes names, one for each output
     */
    public String place(String model, List<String> recipes) {
        if (out != null) {
            return out;
        }
        return "./" + (recipes.size() == 1 ? model + "-" + recipes.getFirst() : model);
    }

    /**
     * A place beside that of the first result.
     *
     * @param model its name
     * @param recipe the name of the recipe of the result that goes there
     */
    public String placeBeside(String model, String recipe) {
        return out == null ? place(model, List.of(recipe)) : out.replaceAll("/+$", "") + "-" + recipe;
    }

    public boolean overwrite() {
        return overwrite;
    }

    public boolean acceptQuarantined() {
        return acceptQuarantined;
    }
}
