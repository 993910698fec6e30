package dev.quern.engine.format.safetensors;

import dev.quern.engine.backend.host.HadamardSpec;
import dev.quern.engine.model.Architecture;
import dev.quern.engine.model.BlockProgram;
import dev.quern.engine.model.Op;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/**
 * What an engine has to turn while it runs a model: the member of a {@code quantization_config} that says so
 * (docs/formats.md).
 */
final class OnlineTurns {
    static final String MEMBER = "online_hadamards";

    private OnlineTurns() {}

    /** The values that are turned, each with its matrix once; empty for a model that is run as its family is. */
    static JsonArray of(Architecture architecture) {
        Set<JsonValue> turns = new LinkedHashSet<>();
        architecture.programs().forEach(program -> add(program, turns));
        return new JsonArray(new ArrayList<>(turns));
    }

    private static void add(BlockProgram program, Set<JsonValue> turns) {
        for (Op op : program.ops()) {
            switch (op) {
                case Op.Turn turn -> turns.add(json(turn.matrix(), readers(program, turn.output())));
                case Op.Linear other -> {}
                case Op.Attention other -> {}
                case Op.RmsNorm other -> {}
                case Op.HeadNorm other -> {}
                case Op.Rope other -> {}
                case Op.FakeQuantize other -> {}
                case Op.Gate other -> {}
                case Op.Add other -> {}
            }
        }
    }

    private static JsonValue json(HadamardSpec matrix, String of) {
        return JsonObject.EMPTY
                .with("of", of)
                .with("size", matrix.size())
                .with("seed", matrix.seed())
                .with("stream", matrix.stream());
    }

    /** The linears that read a turned value; else it is what attention reads. */
    private static String readers(BlockProgram program, String value) {
        List<String> linears = program.linears().stream()
                .filter(linear -> linear.input().equals(value))
                .map(linear -> linear.name())
                .toList();
        return linears.isEmpty() ? "queries and keys" : String.join(", ", linears);
    }
}
