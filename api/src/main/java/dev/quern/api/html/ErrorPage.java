package dev.quern.api.html;

import dev.quern.recipes.drawing.Html;
import org.jspecify.annotations.Nullable;

/** An error for a person: what happened in plain words, the value at fault, and ways out. */
public final class ErrorPage {
    private static final int UNAUTHORIZED = 401;

    private ErrorPage() {}

    /**
     * @param code of the problem, whose page says what to do
     * @param formToken of the session; null where there is none
     */
    public static String draw(int status, String code, String detail, @Nullable String formToken) {
        if (status == UNAUTHORIZED) {
            return LoginPage.needed();
        }
        String title = title(status);
        return Layout.page(title, formToken, Html.EMPTY, Html.of("""
                        <div class="empty">
                        <h1>{}</h1>
                        <p>{}</p>
                        <p><a href="/">Back to the jobs</a> · <a href="/problems/{}">What this error means</a></p>
                        <p class="aside">HTTP {}, {}</p>
                        </div>
                        """, title, detail, code, status, code));
    }

    private static String title(int status) {
        return switch (status) {
            case 403 -> "Your key does not allow this";
            case 404 -> "There is no such page";
            case 405 -> "This address does not take such a request";
            case 409 -> "This is not possible in the present state";
            case 429, 503 -> "The server is busy";
            default -> status < 500 ? "The server cannot use this request" : "Something went wrong on the server";
        };
    }
}
