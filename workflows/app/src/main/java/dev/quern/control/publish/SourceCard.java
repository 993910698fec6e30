package dev.quern.control.publish;

import dev.quern.engine.checkpoint.Checkpoint;
import dev.quern.engine.verify.Manifests;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonString;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What the card of a result takes over from its source. */
final class SourceCard {
    private static final int MAX_BYTES = 1 << 20;
    /** As hubs name models. */
    private static final Pattern ID = Pattern.compile("[A-Za-z0-9][\\w.-]*/[A-Za-z0-9][\\w.-]*");
    /** A folder of the Hugging Face cache. */
    private static final Pattern CACHED = Pattern.compile(".*/models--([\\w.-]+?)--([\\w.-]+)/snapshots/[0-9a-f]+/?");
    /** What holds for the result too: licence and languages, as one line or as a list of plain words. */
    private static final Pattern KEY = Pattern.compile("(license|license_name|license_link|language):[ \\w./:+-]*");

    private static final Pattern ITEM = Pattern.compile("\\s*- *[\\w.-]+");

    private SourceCard() {}

    /** The source's id on a hub, {@code owner/name}; null where neither its config nor its folder says it. */
    static @Nullable String baseModel(Checkpoint source) {
        Matcher cached = CACHED.matcher(source.location());
        if (cached.matches()) {
            return cached.group(1) + "/" + cached.group(2);
        }
        return source.config().raw().get("_name_or_path") instanceof JsonString(String name)
                        && ID.matcher(name).matches()
                ? name
                : null;
    }

    /** Lines of front matter; none where the source has no card. */
    static List<String> frontMatter(Checkpoint source) {
        if (!source.hasFile(Manifests.CARD)) {
            return List.of();
        }
        try {
            return frontMatter(new String(source.read(Manifests.CARD, MAX_BYTES), StandardCharsets.UTF_8));
        } catch (QuernException e) {
            // The card is no part of the model: without it the result is the same.
            return List.of();
        }
    }

    static List<String> frontMatter(String card) {
        List<String> taken = new ArrayList<>();
        List<String> lines = card.lines().map(String::stripTrailing).toList();
        if (lines.isEmpty() || !lines.getFirst().equals("---")) {
            return taken;
        }
        boolean within = false;
        for (String line : lines.subList(1, lines.size())) {
            if (line.equals("---")) {
                return taken;
            }
            within =
                    KEY.matcher(line).matches() || (within && ITEM.matcher(line).matches());
            if (within) {
                taken.add(line);
            }
        }
        // Front matter without an end is none.
        return List.of();
    }
}
