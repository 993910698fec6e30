package dev.quern.engine.model.family;

import dev.quern.engine.checkpoint.ModelConfig;
import dev.quern.engine.model.RopeSpec;
import dev.quern.recipes.json.JsonObject;
import java.util.List;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.IntStream;

/**
 * Rotary embedding as config.json has it: {@code rope_parameters} of transformers 5, or {@code rope_theta} with
 * {@code rope_scaling} of transformers 4. Where both are there {@code rope_scaling} wins unless it is empty, as it does
 * in transformers 5: people add it by hand to a file that has the other.
 */
final class RopeScaling {
    private static final String SCALING = "rope_scaling";
    private static final String PARAMETERS = "rope_parameters";
    private static final String THETA = "rope_theta";
    private static final double DEFAULT_THETA = 10000;
    private static final List<String> KEYS = List.of(
            "rope_type",
            "type",
            THETA,
            "factor",
            "low_freq_factor",
            "high_freq_factor",
            "original_max_position_embeddings",
            "partial_rotary_factor");

    private RopeScaling() {}

    /**
     * @throws dev.quern.recipes.error.QuernException UNSUPPORTED_ARCHITECTURE for a type or key that is not implemented
     */
    static RopeSpec read(ModelConfig config, int headDim) {
        ModelConfig parameters = parameters(config);
        // The type first: keys of a type that is not implemented would hide what matters.
        DoubleUnaryOperator scaling = scaling(parameters);
        for (String key : parameters.raw().members().keySet()) {
            if (!KEYS.contains(key) && parameters.has(key)) {
                throw Options.unsupported(parameters, key, String.join(", ", KEYS));
            }
        }
        requireWholeHeads(config);
        requireWholeHeads(parameters);
        return new RopeSpec(headDim, frequencies(theta(config, parameters), headDim, scaling));
    }

    private static ModelConfig parameters(ModelConfig config) {
        for (String key : List.of(SCALING, PARAMETERS)) {
            ModelConfig inner = config.object(key);
            if (inner != null && !inner.raw().members().isEmpty()) {
                return inner;
            }
        }
        return new ModelConfig(JsonObject.EMPTY);
    }

    /** A theta that only the losing object has is forgotten by some loaders and kept by others. */
    private static double theta(ModelConfig config, ModelConfig parameters) {
        double theta = Options.number(parameters, THETA, Options.number(config, THETA, DEFAULT_THETA));
        ModelConfig other = config.object(PARAMETERS);
        if (other != null && Options.number(other, THETA, theta) != theta) {
            throw Options.invalid(other, THETA, theta + ", as with " + SCALING + ", which wins: loaders differ");
        }
        return theta;
    }

    private static List<Double> frequencies(double theta, int headDim, DoubleUnaryOperator scaling) {
        return IntStream.range(0, headDim / 2)
                .mapToDouble(i -> scaling.applyAsDouble(Math.pow(theta, -2.0 * i / headDim)))
                .boxed()
                .toList();
    }

    private static DoubleUnaryOperator scaling(ModelConfig parameters) {
        String key = parameters.has("rope_type") ? "rope_type" : "type";
        return switch (Options.text(parameters, key, "default")) {
            case "default" -> DoubleUnaryOperator.identity();
            case "linear" -> {
                double factor = Options.number(parameters, "factor");
                yield frequency -> frequency / factor;
            }
            case "llama3" -> llama3(parameters);
            default -> throw Options.unsupported(parameters, key, "default, linear, llama3");
        };
    }

    /** Llama 3.1: long waves are slowed by the factor, short ones stay, those between are blended. */
    private static DoubleUnaryOperator llama3(ModelConfig parameters) {
        double factor = Options.number(parameters, "factor");
        double low = Options.number(parameters, "low_freq_factor");
        double high = Options.number(parameters, "high_freq_factor");
        double context = Options.number(parameters, "original_max_position_embeddings");
        return frequency -> {
            // How often the wave turns within the context that the model was first trained on.
            double turns = context * frequency / (2 * Math.PI);
            double kept = Math.clamp((turns - low) / (high - low), 0, 1);
            return (1 - kept) * frequency / factor + kept * frequency;
        };
    }

    private static void requireWholeHeads(ModelConfig settings) {
        if (Options.number(settings, "partial_rotary_factor", 1) != 1) {
            throw Options.unsupported(settings, "partial_rotary_factor", "1");
        }
    }
}
