package dev.quern.api.problem;

import dev.quern.api.html.ErrorPage;
import dev.quern.api.html.Layout;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import org.jspecify.annotations.Nullable;

/** Sends a problem: as a page to a browser that looks at a page, as JSON to everyone else. */
public final class ProblemWriter {
    private ProblemWriter() {}

    public static void write(HttpServletRequest request, HttpServletResponse response, Problem problem)
            throws IOException {
        if (response.isCommitted()) {
            return;
        }
        response.resetBuffer();
        response.setStatus(problem.status());
        if (problem.status() == HttpServletResponse.SC_UNAUTHORIZED) {
            response.setHeader("WWW-Authenticate", "Bearer realm=\"quern\"");
        }
        if (problem.status() == 429 || problem.status() == HttpServletResponse.SC_SERVICE_UNAVAILABLE) {
            response.setHeader("Retry-After", "5");
        }
        boolean page = wantsPage(request);
        response.setContentType(page ? "text/html;charset=UTF-8" : Problem.MEDIA_TYPE);
        String body = page
                ? ErrorPage.draw(problem.status(), problem.code(), problem.detail(), formToken(request))
                : Json.write(RecordCodec.write(problem));
        response.getOutputStream().write(body.getBytes(StandardCharsets.UTF_8));
    }

    private static @Nullable String formToken(HttpServletRequest request) {
        return (String) request.getAttribute(Layout.FORM_TOKEN);
    }

    private static boolean wantsPage(HttpServletRequest request) {
        String accept = request.getHeader("Accept");
        return accept != null
                && accept.contains("text/html")
                && !request.getRequestURI().startsWith("/api/");
    }
}
