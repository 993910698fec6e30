package dev.quern.engine.transform;

import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.Model;
import dev.quern.recipes.Transform;
import dev.quern.recipes.error.QuernException;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** What a recipe's transform makes of a model. */
public final class Transforms {
    private Transforms() {}

    /**
     * @param transform null leaves the model as it is
     * @throws QuernException INVALID_RECIPE as {@link #check}
     */
    public static Model apply(@Nullable Transform transform, Model model) {
        return switch (transform) {
            case null -> model;
            case Transform.Fold fold -> FoldedNorms.fold(model);
            case Transform.Rotate rotate -> RotatedTensors.rotate(model, rotate);
        };
    }

    /**
     * What turns a hidden state of a model, in place, into the axes of the transformed model's.
     *
     * @throws QuernException INVALID_RECIPE as {@link #check}
     */
    public static Consumer<double[]> axes(@Nullable Transform transform, Architecture architecture) {
        return switch (transform) {
            case null -> state -> {};
            case Transform.Fold fold -> state -> {};
            case Transform.Rotate rotate -> Rotation.of(architecture, rotate)::turn;
        };
    }

    /**
     * A transformed model as an engine has to run it.
     *
     * @param architecture as a result states it
     * @return the same object where nothing is turned online
     * @throws QuernException INVALID_RECIPE as {@link #check}
     */
    public static Architecture running(@Nullable Transform transform, Architecture architecture) {
        return switch (transform) {
            case null -> architecture;
            case Transform.Fold fold -> architecture;
            case Transform.Rotate rotate -> Rotation.of(architecture, rotate).running(architecture);
        };
    }

    /**
     * Checks that a transform can be made of a model.
     *
     * @throws QuernException INVALID_RECIPE that names the size or the step that it is not made for
     */
    public static void check(@Nullable Transform transform, Architecture architecture) {
        switch (transform) {
            case null -> {}
            case Transform.Fold fold -> {}
            case Transform.Rotate rotate -> Rotation.of(architecture, rotate);
        }
    }
}
