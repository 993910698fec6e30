package dev.quern.api.html;

import dev.quern.recipes.drawing.Html;

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

    /** A form for a key; where there is a stack on this machine a link is easier. */
    public static String needed() {
        return page("Please sign in", Html.of("""
                        <form method="post" action="/login">
                        <p><label for="key">API key</label></p>
                        <p><input id="key" name="key" type="password" autocomplete="current-password" size="48" required>
                        <button class="strong">Sign in</button></p>
                        </form>
                        <p>On your own machine a one-time link signs in as well. It is printed by</p>
                        <pre>quern up</pre>
                        """));
    }

    public static String wrongKey() {
        return page("This key does not sign in", Html.of("""
                        <p>It is unknown or was revoked. <a href="/">Try again</a></p>
                        """));
    }

    private static String page(String title, Html content) {
        return Layout.page(
                title, null, Html.EMPTY, Html.of("<div class=\"empty\"><h2>{}</h2>{}</div>", title, content));
    }
}
