package dev.quern.api.html;

import dev.quern.recipes.drawing.Html;
import org.jspecify.annotations.Nullable;

/**
 * The frame of every page of the dashboard: head, bar, main. No inline script and no inline style: the policy forbids
 * both.
 */
public final class Layout {
    private static final Html MARK = new Html("""
            <svg viewBox="0 0 24 24" aria-hidden="true"><circle cx="12" cy="12" r="9.5"/><circle cx="12" cy="12" r="2.6"/>\
            <path d="M12 2.5v4M12 17.5v4M2.5 12h4M17.5 12h4"/></svg>""");

    /** The attribute of a request under which its session's form token is kept, for pages that know no caller. */
    public static final String FORM_TOKEN = Layout.class.getName() + ".formToken";

    private Layout() {}

    /**
     * @param title of the window
     * @param formToken of the session, for its log-out button; null where there is none
     * @param live shown at the right of the bar, for example a lamp
     */
    public static String page(String title, @Nullable String formToken, Html live, Html main) {
        return Html.of(
                        """
                        <!doctype html>
                        <html lang="en">
                        <head>
                        <meta charset="utf-8">
                        <meta name="viewport" content="width=device-width, initial-scale=1">
                        <meta name="color-scheme" content="light dark">
                        <meta name="htmx-config" content="{}">
                        <title>{} · Quern</title>
                        <link rel="icon" type="image/svg+xml" href="{}">
                        <link rel="stylesheet" href="{}">
                        <script src="{}" defer></script>
                        <script src="{}" defer></script>
                        </head>
                        <body>
                        <a class="skip" href="#main">Skip to the content</a>
                        <div class="bar"><div>
                        <a class="mark" href="/">{}Quern</a>
                        <nav aria-label="Main"><a href="/">Jobs</a><a href="/docs">API</a></nav>
                        {}{}
                        </div></div>
                        <main id="main" tabindex="-1">
                        {}
                        </main>
                        </body>
                        </html>
                        """,
                        "{\"includeIndicatorStyles\":false,\"allowEval\":false,\"historyEnabled\":false,\"selfRequestsOnly\":true}",
                        title,
                        Assets.url("quern.svg"),
                        Assets.url("quern.css"),
                        Assets.url("htmx.js"),
                        Assets.url("quern.js"),
                        MARK,
                        live,
                        logout(formToken),
                        main)
                .markup();
    }

    private static Html logout(@Nullable String formToken) {
        return Html.when(
                formToken != null,
                () -> Html.of(
                        "<form class=\"logout\" method=\"post\" action=\"/logout\">{}<button class=\"quiet\">Sign out</button></form>",
                        tokenField(formToken)));
    }

    /** What every form of a session carries. */
    public static Html tokenField(@Nullable String formToken) {
        return Html.when(
                formToken != null, () -> Html.of("<input type=\"hidden\" name=\"csrf\" value=\"{}\">", formToken));
    }
}
