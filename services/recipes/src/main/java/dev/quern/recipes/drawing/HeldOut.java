package dev.quern.recipes.drawing;

import dev.quern.recipes.report.Report;
import dev.quern.recipes.view.LinearView;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Errors of the linears of a board on text that calibration did not read.
 *
 * @param errors squared, by block and name within it; none where they were not measured
 */
public record HeldOut(Map<String, Double> errors) {
    public static final HeldOut NONE = new HeldOut(Map.of());

    public HeldOut {
        errors = Map.copyOf(errors);
    }

    /** Those of the first text. */
    public static HeldOut of(Report report) {
        Map<String, Double> byName = report.heldOut();
        Map<String, Double> errors = new HashMap<>();
        for (Report.Linear linear : report.linears()) {
            Double error = byName.get(linear.name());
            if (error != null) {
                errors.put(key(linear.block(), ReportDrawing.withinBlock(linear)), error);
            }
        }
        return new HeldOut(errors);
    }

    boolean isEmpty() {
        return errors.isEmpty();
    }

    /** Squared; null where it was not measured. */
    @Nullable
    Double of(LinearView linear) {
        return errors.get(key(linear.block(), linear.linear()));
    }

    private static String key(int block, String linear) {
        return block + " " + linear;
    }
}
