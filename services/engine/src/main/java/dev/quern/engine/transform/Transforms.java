package dev.quern.engine.transform;

import dev.quern.engine.model.Model;
import dev.quern.recipes.Transform;
import org.jspecify.annotations.Nullable;

/** What a recipe's transform makes of a model. */
public final class Transforms {
    private Transforms() {}

    /** @param transform null leaves the model as it is */
    public static Model apply(@Nullable Transform transform, Model model) {
        return switch (transform) {
            case null -> model;
            case Transform.Fold fold -> FoldedNorms.fold(model);
        };
    }
}
