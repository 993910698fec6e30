package dev.quern.engine.evaluation;

import dev.quern.engine.text.TokenWindows;
import java.util.HashMap;
import java.util.Map;

/**
 * A reader that knows nothing of language: it counts tokens while it reads, and predicts each by how often it has come
 * (escape method C, Moffat 1990). With d different tokens among k it gives a known token that came c times c / (k + d),
 * and each of the V - d others d / (k + d) / (V - d). A model that reads a text much worse than this does not
 * understand its tokens.
 *
 * <p>Much worse is {@value #MARGIN} nats, seven times the perplexity, or worse than guessing among all V tokens. A
 * model that is only at a loss stays below: the test model of the Bible reads modern prose 1.5 nats worse than
 * counting, and models on texts of their own kind read 2 to 3 nats better. A head of another model is 3 nats worse. A
 * rope of another kind on a small model, or one chat token that is cut to pieces, cannot be told from bad text in this
 * way.
 */
public final class CountingReader {
    private static final double MARGIN = 2;

    private CountingReader() {}

    /** Mean of -log p over all tokens, in nats. */
    static double nats(TokenWindows text, int vocabulary) {
        int[] tokens = text.tokens(0, text.count());
        Map<Integer, Integer> counts = new HashMap<>();
        double sum = 0;
        for (int k = 0; k < tokens.length; k++) {
            int count = counts.getOrDefault(tokens[k], 0);
            int distinct = counts.size();
            // The first token of all is new for certain.
            double isNew = k == 0 ? 1 : distinct / (double) (k + distinct);
            sum -= Math.log(count > 0 ? count / (double) (k + distinct) : isNew / (vocabulary - distinct));
            counts.merge(tokens[k], 1, Integer::sum);
        }
        return sum / tokens.length;
    }

    /** Whether a model of this perplexity does not understand the text. */
    public static boolean isMuchBetter(TokenWindows text, int vocabulary, double perplexity) {
        double model = Math.log(perplexity);
        return model > Math.min(Math.log(vocabulary), nats(text, vocabulary) + MARGIN);
    }
}
