package dev.quern.recipes.drawing;

import dev.quern.recipes.Loading;
import dev.quern.recipes.Loading.Answer;
import dev.quern.recipes.Recipe;
import java.util.List;

/** How a result is loaded: a command for each loader that takes it, and the reason where one does not. */
public final class LoadingDrawing {
    private LoadingDrawing() {}

    /** An answer of each loader for results of this recipe. */
    public static List<Loading> answers(Recipe recipe) {
        return Loading.of(recipe);
    }

    /** Whether the loader's command is worth showing. */
    public static boolean offered(Loading loading) {
        return loading.answer() == Answer.LOADS || loading.answer() == Answer.CONDITIONAL;
    }

    /** @param folder of the result, as commands name it */
    public static Html of(Recipe recipe, String folder) {
        return Html.each(
                answers(recipe),
                loading -> Html.join(
                        Html.of("<p class=\"loader\">{}</p>\n", loading.sentence()),
                        Html.when(
                                offered(loading),
                                () -> Html.of("<pre>{}</pre>\n", loading.commandFor("./" + folder)))));
    }
}
