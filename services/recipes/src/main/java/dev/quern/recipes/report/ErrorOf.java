package dev.quern.recipes.report;

import dev.quern.recipes.Recipe;

/** What the relative error of a linear is relative to. */
public enum ErrorOf {
    /** ‖(W-Q)X‖ / ‖WX‖ on the calibration inputs X. */
    OUTPUT,
    /** ‖W-Q‖ / ‖W‖: without calibration there are no inputs. */
    WEIGHTS;

    public static ErrorOf of(Recipe recipe) {
        return recipe.needsCalibration() ? OUTPUT : WEIGHTS;
    }

    @Override
    public String toString() {
        return this == OUTPUT ? "output" : "weights";
    }
}
