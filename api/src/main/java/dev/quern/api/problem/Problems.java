package dev.quern.api.problem;

import dev.quern.artifacts.StoreFullException;
import dev.quern.artifacts.StoreUnavailableException;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonException;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.apache.tomcat.util.http.InvalidParameterException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.beans.TypeMismatchException;
import org.springframework.dao.DataAccessResourceFailureException;
import org.springframework.dao.TransientDataAccessException;
import org.springframework.http.HttpStatus;
import org.springframework.http.converter.HttpMessageNotReadableException;
import org.springframework.transaction.CannotCreateTransactionException;
import org.springframework.web.ErrorResponse;
import org.springframework.web.bind.annotation.ControllerAdvice;
import org.springframework.web.bind.annotation.ExceptionHandler;
import org.springframework.web.context.request.async.AsyncRequestNotUsableException;

/** Every exception of a request becomes a problem; the three kinds of error that decide retries decide the status. */
@ControllerAdvice
public final class Problems {
    private static final Logger LOG = LoggerFactory.getLogger(Problems.class);

    /** The client has gone, in the middle of a stream or a download: nobody is left to tell. */
    @ExceptionHandler
    void gone(AsyncRequestNotUsableException e) {
        LOG.debug("client gone: {}", e.getMessage());
    }

    @ExceptionHandler
    void explain(Exception e, HttpServletRequest request, HttpServletResponse response) throws IOException {
        ProblemWriter.write(request, response, of(e));
    }

    /** What went wrong, without anything that only we should see. */
    public static Problem of(Exception e) {
        return switch (e) {
            case QuernException ours -> Problem.of(ours);
            case JsonException json -> Problem.of(ErrorCode.MALFORMED_REQUEST, "body: " + json.getMessage());
            case TypeMismatchException mismatch ->
                Problem.of(
                        ErrorCode.MALFORMED_REQUEST,
                        mismatch.getPropertyName() + ": " + mismatch.getValue() + " (expected: "
                                + (mismatch.getRequiredType() == null
                                        ? "another type"
                                        : mismatch.getRequiredType().getSimpleName())
                                + ")");
            case HttpMessageNotReadableException unread -> unread(unread);
            case InvalidParameterException query ->
                Problem.of(ErrorCode.MALFORMED_REQUEST, "query: not percent-encoded UTF-8");
            case ErrorResponse known -> known(known);
            case StoreFullException full -> Problem.of(ErrorCode.DISK_BUDGET, String.valueOf(full.getMessage()));
            case StoreUnavailableException gone ->
                Problem.of(ErrorCode.UNAVAILABLE, "store: not reachable (expected: back in a moment)");
            case DataAccessResourceFailureException gone -> unavailable(gone);
            case CannotCreateTransactionException gone -> unavailable(gone);
            case TransientDataAccessException busy -> unavailable(busy);
            default -> unknown(e);
        };
    }

    /** Nothing came, or less than announced; in the second case the client has most likely gone. */
    private static Problem unread(HttpMessageNotReadableException e) {
        String found = e.getCause() == null ? "missing" : "cut off";
        LOG.debug("body {}", found, e);
        return Problem.of(ErrorCode.MALFORMED_REQUEST, "body: " + found + " (expected: a JSON document)");
    }

    private static Problem known(ErrorResponse e) {
        HttpStatus status = HttpStatus.valueOf(e.getStatusCode().value());
        String detail = e.getBody().getDetail();
        return Problem.of(status, detail == null ? status.getReasonPhrase() : detail);
    }

    private static Problem unavailable(Exception e) {
        LOG.warn("database: not reachable ({})", e.getMessage());
        return Problem.of(ErrorCode.UNAVAILABLE, "database: not reachable (expected: back in a moment)");
    }

    private static Problem unknown(Exception e) {
        LOG.error("request failed", e);
        return Problem.of(ErrorCode.INTERNAL, "a defect of the server; its log has the details");
    }
}
