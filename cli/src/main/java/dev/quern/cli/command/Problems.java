package dev.quern.cli.command;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.error.QuernException.Violation;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.List;

/** Errors as documents of the kind that the server answers with (RFC 9457), with the exit code. */
public final class Problems {
    private Problems() {}

    public static JsonObject of(QuernException error) {
        JsonObject problem = of(error.code(), String.valueOf(error.getMessage()), Exit.of(error.code()));
        List<Violation> violations = error.violations();
        return violations.isEmpty()
                ? problem
                : problem.with(
                        "violations",
                        new JsonArray(violations.stream()
                                .<JsonValue>map(violation -> JsonObject.EMPTY
                                        .with("pointer", violation.pointer())
                                        .with("message", violation.message()))
                                .toList()));
    }

    public static JsonObject of(ErrorCode code, String detail, Exit exit) {
        return JsonObject.EMPTY
                .with("type", "/problems/" + code.slug())
                .with("title", code.slug().replace('-', ' '))
                .with("code", code.slug())
                .with("detail", detail)
                .with("exitCode", exit.code());
    }
}
