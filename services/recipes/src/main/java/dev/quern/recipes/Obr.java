package dev.quern.recipes;

import dev.quern.recipes.Recipe.Needs;
import dev.quern.recipes.Recipe.Rounding;
import dev.quern.recipes.codec.Default;
import dev.quern.recipes.codec.Described;
import java.math.BigDecimal;
import java.util.Locale;
import java.util.Map;

/**
 * Rounding of what a mask keeps, so that the kept weights alone repay rounding errors (OBR, arXiv 2509.11177).
 *
 * @param form how errors are repaid
 * @param damping added to the diagonal of H, as a fraction of its mean
 */
public record Obr(
        @Described(
                "restricted gives every row a factor of its own, over the weights that it keeps. staged is the paper's:"
                        + " it rounds the kept weights of the first half of the columns plainly, fits those of the second"
                        + " half to that, and rounds these by GPTQ.")
        @Default("\"restricted\"")
        Form form,

        @Described(
                value = "Added to the diagonal of the Hessian, as a fraction of its mean.",
                minimum = 0,
                maximum = 1,
                exclusive = true)
        @Default("0.01")
        double damping)
        implements Rounding {
    private static final double USUAL_DAMPING = 0.01;

    /** How rounding errors are repaid. */
    public enum Form {
        RESTRICTED,
        STAGED
    }

    public Obr {
        Recipe.check(
                damping > 0 && damping < 1, "rounding.damping: " + damping + " (expected: more than 0, less than 1)");
    }

    @Override
    public Needs needs() {
        return Needs.INPUTS;
    }

    @Override
    public String shortName() {
        return "obr";
    }

    @Override
    public String title() {
        return "OBR";
    }

    @Override
    public Map<String, String> parameters() {
        return Map.of(
                "form",
                form.name().toLowerCase(Locale.ROOT),
                "damping",
                BigDecimal.valueOf(damping).toPlainString());
    }

    @Override
    public Rounding usual() {
        return new Obr(form, USUAL_DAMPING);
    }
}
