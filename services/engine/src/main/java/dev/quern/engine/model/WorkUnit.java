package dev.quern.engine.model;

import java.util.List;

/** Linears that share an input, and so its statistics: q, k and v, or gate and up. In program order. */
public record WorkUnit(String input, List<LinearSpec> linears) {
    public WorkUnit {
        linears = List.copyOf(linears);
    }

    /** The width of the shared input. */
    public int cols() {
        return linears.getFirst().cols();
    }
}
