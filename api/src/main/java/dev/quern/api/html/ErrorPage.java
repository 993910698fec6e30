package dev.quern.api.html;

import dev.quern.recipes.report.Html;

/** An error for a person. */
public final class ErrorPage {
    private static final int UNAUTHORIZED = 401;

    private ErrorPage() {}

    public static String draw(int status, String title, String detail) {
        if (status == UNAUTHORIZED) {
            return LoginPage.needed();
        }
        return Layout.page(title, null, Html.EMPTY, Html.of("""
                        <div class="empty">
                        <h2>{} {}</h2>
                        <p>{}</p>
                        <p><a href="/">All jobs</a></p>
                        </div>
                        """, status, title, detail));
    }
}
