package dev.quern.engine.format;

import dev.quern.engine.method.CompressedLinear;
import java.util.List;

/** The compressed linears of a model, one block in memory at a time. */
@FunctionalInterface
public interface CompressedModel {
    /** The linears of a block by their modules' full names; equal ones at every call. */
    List<CompressedLinear> linears(int block);
}
