package dev.quern.cli.options;

import dev.quern.cli.command.Heading;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import picocli.CommandLine.Option;

/** Whether the recipe that a report names is tried at once. */
@Heading(value = "Evaluation and gate", order = 4)
public final class SuggestOption {
    @Option(
            names = "--suggest",
            description = "Where the result fails the gate or is not close to the original, also make one by the recipe"
                    + " that is to be tried next, in DIR-RECIPE beside it, and compare the two.")
    private boolean suggest;

    public boolean isAsked() {
        return suggest;
    }

    /**
     * @param recipes how many there are
     * @throws QuernException INVALID_REQUEST when the command does not wait for the report, or there are several
     *     recipes
     */
    public void require(boolean detach, int recipes) {
        if (suggest && detach) {
            throw invalid("--suggest: with --detach (expected: one of them, as the first report decides)");
        }
        if (suggest && recipes > 1) {
            throw invalid("--suggest: with " + recipes + " recipes (expected: one)");
        }
    }

    private static QuernException invalid(String message) {
        return new QuernException(ErrorCode.INVALID_REQUEST, message);
    }
}
