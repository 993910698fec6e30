package dev.quern.cli.results;

import dev.quern.cli.console.Table;
import dev.quern.cli.console.Units;
import dev.quern.engine.format.WeightBytes;
import dev.quern.engine.verify.Verification;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;

/** What the compressed weights of a result take, by part. */
record SizeReport(Verification result) {
    /** For example {@code quern-sparse 2.63 bits}. */
    String line() {
        return result.format() + " " + bits(result.compressed().total()) + " bits a weight, "
                + Units.bytes(result.bytes());
    }

    Table table() {
        Table table = Table.ofNumbers("part", "size", "bits a weight");
        parts().forEach((name, bytes) -> table.row(name, Units.bytes(bytes), bits(bytes)));
        return table.row(
                "all " + result.linears() + " linears",
                Units.bytes(result.compressed().total()),
                bits(result.compressed().total()));
    }

    JsonObject json() {
        JsonObject parts = JsonObject.EMPTY;
        for (Map.Entry<String, Long> part : parts().entrySet()) {
            parts = parts.with(part.getKey(), part.getValue());
        }
        return JsonObject.EMPTY
                .with("format", result.format())
                .with("linears", result.linears())
                .with("weights", result.weights())
                .with("bitsPerWeight", JsonNumber.of(result.bitsPerWeight()))
                .with("weightBytes", parts)
                .with("bytes", result.bytes());
    }

    private Map<String, Long> parts() {
        WeightBytes bytes = result.compressed();
        Map<String, Long> parts = new LinkedHashMap<>();
        parts.put("mask", bytes.mask());
        parts.put("codes", bytes.codes());
        parts.put("scales", bytes.scales());
        parts.put("zeros", bytes.zeros());
        return parts;
    }

    private String bits(long bytes) {
        return String.format(Locale.ROOT, "%.3f", result.weights() == 0 ? 0 : 8.0 * bytes / result.weights());
    }
}
