package dev.quern.cli.results;

import dev.quern.recipes.Formats;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.util.ArrayList;

/** What {@code --format} may name: for completion, as help says them. */
public final class FormatNames extends ArrayList<String> {
    private static final long serialVersionUID = 1;

    FormatNames() {
        super(Formats.ALL);
    }

    /** @throws QuernException INVALID_REQUEST that lists the formats there are */
    public static String require(String typed) {
        if (!Formats.ALL.contains(typed)) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    "--format: " + typed + " (expected one of: " + String.join(", ", Formats.ALL) + ")");
        }
        return typed;
    }
}
