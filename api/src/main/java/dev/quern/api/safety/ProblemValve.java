package dev.quern.api.safety;

import dev.quern.api.problem.Problem;
import dev.quern.api.problem.ProblemWriter;
import java.io.IOException;
import org.apache.catalina.connector.Request;
import org.apache.catalina.connector.Response;
import org.apache.catalina.valves.ErrorReportValve;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.http.HttpStatus;

/** What Tomcat refuses by itself, before any filter of ours sees it, is a problem with our headers like all others. */
public final class ProblemValve extends ErrorReportValve {
    private static final Logger LOG = LoggerFactory.getLogger(ProblemValve.class);

    @Override
    protected void report(Request request, Response response, @Nullable Throwable error) {
        int status = response.getStatus();
        if (status < 400 || response.getContentWritten() > 0 || !response.setErrorReported()) {
            return;
        }
        HttpStatus known = HttpStatus.resolve(status);
        HttpStatus shown = known == null ? HttpStatus.BAD_REQUEST : known;
        try {
            HeadersFilter.set(response);
            ProblemWriter.write(
                    request,
                    response,
                    Problem.of(
                            shown,
                            "request: " + shown.getReasonPhrase() + " (expected: HTTP as the API describes it)"));
        } catch (IOException | IllegalStateException e) {
            LOG.debug("client gone", e);
        }
    }
}
