package dev.quern.engine.compress;

import dev.quern.engine.method.Rounder;
import dev.quern.engine.method.gptq.GptqRounder;
import dev.quern.engine.method.nearest.NearestRounder;
import dev.quern.engine.method.obr.ObrRounder;
import dev.quern.engine.method.yaqa.YaqaRounder;
import dev.quern.recipes.Obr;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Yaqa;

/** The methods of rounding. */
public final class Rounders {
    private Rounders() {}

    /** One line for each method. */
    public static Rounder of(Recipe.Rounding rounding) {
        return switch (rounding) {
            case Recipe.Nearest() -> new NearestRounder();
            case Recipe.Gptq gptq -> new GptqRounder(gptq);
            case Yaqa yaqa -> new YaqaRounder(yaqa);
            case Obr obr -> new ObrRounder(obr);
        };
    }
}
