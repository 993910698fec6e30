package dev.quern.engine.evaluation;

import dev.quern.engine.evaluation.heldout.LinearErrors;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The quality of a compressed model on one text.
 *
 * @param klMean KL(original ‖ compressed), nats per token
 * @param klP99 the smallest KL that 99 % of the tokens do not exceed
 * @param top1 share of tokens where both models find the same token most probable, 0 to 1
 * @param tokens predicted ones
 * @param blockErrors of the hidden states after each block, in order: the mean over all tokens of ‖h' - h‖ / ‖h‖; null
 *     where the axes of the compressed model's states are not known, or a state is not finite
 * @param linearErrors by module, in the order of the model: the relative error of each compressed linear on inputs of
 *     this text as the compressed model has them, squared; empty where it is not known what they were before
 */
public record EvaluationFigures(
        double pplOriginal,
        double pplCompressed,
        double klMean,
        double klP99,
        double top1,
        long tokens,
        @Nullable List<Double> blockErrors,
        Map<String, Double> linearErrors) {
    private static final double PERCENTILE = 0.99;

    /**
     * @param shards in window order; sums run in float64 in that order, so that the split into shards changes no bit
     * @throws IllegalArgumentException when there is no token
     */
    public static EvaluationFigures reduce(List<TokenFigures> shards) {
        int tokens = shards.stream().mapToInt(TokenFigures::count).sum();
        if (tokens == 0) {
            throw new IllegalArgumentException("tokens: 0 (expected: at least 1)");
        }
        double original = 0;
        double compressed = 0;
        double[] kl = new double[tokens];
        int same = 0;
        int at = 0;
        for (TokenFigures shard : shards) {
            for (int token = 0; token < shard.count(); token++) {
                original += shard.nllOriginal(token);
                compressed += shard.nllCompressed(token);
                kl[at++] = shard.kl(token);
                same += shard.sameTop1(token) ? 1 : 0;
            }
        }
        double klMean = Arrays.stream(kl).reduce(0, Double::sum) / tokens;
        return new EvaluationFigures(
                Math.exp(original / tokens),
                Math.exp(compressed / tokens),
                klMean,
                percentile(kl),
                (double) same / tokens,
                tokens,
                StreamErrors.means(shards.stream().map(TokenFigures::stream).toList()),
                LinearErrors.relative(shards.stream().map(TokenFigures::linears).toList()));
    }

    /** By nearest rank. */
    private static double percentile(double[] values) {
        Arrays.sort(values);
        return values[(int) Math.ceil(PERCENTILE * values.length) - 1];
    }
}
