package dev.quern.recipes.drawing;

import dev.quern.recipes.Loading;
import dev.quern.recipes.Loading.Answer;
import dev.quern.recipes.Recipe;
import org.jspecify.annotations.Nullable;

/** How a result is loaded: a command for each loader that takes it, and the reason where one does not. */
public final class LoadingDrawing {
    private LoadingDrawing() {}

    /** Whether the loader's command is worth showing. */
    public static boolean offered(Loading loading) {
        return loading.answer() == Answer.LOADS || loading.answer() == Answer.CONDITIONAL;
    }

    /**
     * @param format of the result; null is compressed-tensors
     * @param folder of the result, as commands name it
     */
    public static Html of(@Nullable String format, Recipe recipe, String folder) {
        return Html.each(
                Loading.of(format, recipe),
                loading -> Html.join(
                        Html.of("<p class=\"loader\">{}</p>\n", loading.sentence()),
                        Html.when(
                                offered(loading),
                                () -> Html.of("<pre>{}</pre>\n", loading.commandFor("./" + folder)))));
    }
}
