package dev.quern.api.html;

import dev.quern.recipes.report.Html;

/** The pages around signing in. */
public final class LoginPage {
    private LoginPage() {}

    /** Goes on to the jobs by itself. */
    public static String welcome() {
        return page("Signed in", Html.of("""
                        <meta http-equiv="refresh" content="0;url=/">
                        <p><a href="/">On to the jobs</a></p>
                        """));
    }

    public static String refused() {
        return page("This link does not sign in", Html.of("""
                        <p>A link works once and not for long. A new one is printed by</p>
                        <pre>quern up</pre>
                        """));
    }

    static String needed() {
        return page("Please sign in", Html.of("""
                        <p>The dashboard opens with a one-time link. It is printed by</p>
                        <pre>quern up</pre>
                        """));
    }

    private static String page(String title, Html content) {
        return Layout.page(
                title, null, Html.EMPTY, Html.of("<div class=\"empty\"><h2>{}</h2>{}</div>", title, content));
    }
}
