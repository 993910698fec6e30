package dev.quern.recipes.process;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.Map;

/** What a process of the service has to find in its environment. */
public final class Environment {
    private static final int USAGE = 64;

    private Environment() {}

    /**
     * Ends the process with a line for every variable that is missing: before anything starts that would fail in
     * stranger words.
     *
     * @param expected what each variable holds, by its name
     */
    public static void requireOrExit(Map<String, String> environment, Map<String, String> expected) {
        try {
            require(environment, expected);
        } catch (QuernException e) {
            System.err.println(e.getMessage());
            System.exit(USAGE);
        }
    }

    static void require(Map<String, String> environment, Map<String, String> expected) {
        String missing = expected.entrySet().stream()
                .filter(variable ->
                        environment.getOrDefault(variable.getKey(), "").isBlank())
                .map(variable -> variable.getKey() + ": missing (expected: " + variable.getValue() + ")")
                .sorted()
                .reduce((first, second) -> first + "; " + second)
                .orElse("");
        if (!missing.isEmpty()) {
            throw new QuernException(ErrorCode.INVALID_REQUEST, missing);
        }
    }
}
