package dev.quern.api.caller;

import dev.quern.api.html.Layout;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.error.QuernException;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/**
 * Who makes a request.
 *
 * @param formToken what the forms of this session must carry; null for a caller with a key, whom no other site can
 *     impersonate
 */
public record Caller(Principal principal, @Nullable String formToken) {
    private static final String ATTRIBUTE = Caller.class.getName();

    public String tenant() {
        return principal.tenant();
    }

    /** Who this is among all tenants, where something is shared out. */
    public String holder() {
        return principal.tenant() + "/" + principal.name();
    }

    /** @throws QuernException FORBIDDEN */
    public void require(Scope scope, String what) {
        principal.require(scope, what);
    }

    public void attach(HttpServletRequest request) {
        request.setAttribute(ATTRIBUTE, this);
        request.setAttribute(Layout.FORM_TOKEN, formToken);
    }

    /** The caller that the authentication filter found; null on a path that is open to all. */
    public static @Nullable Caller of(HttpServletRequest request) {
        return (Caller) request.getAttribute(ATTRIBUTE);
    }
}
