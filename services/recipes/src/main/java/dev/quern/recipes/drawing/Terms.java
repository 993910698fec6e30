package dev.quern.recipes.drawing;

/**
 * What figures mean, for a reader who has not met them: a word, and the sentence that appears when one points at it.
 */
public enum Terms {
    KL(
            "KL to the original",
            "Kullback-Leibler divergence: how far the probabilities of the next token move from the original's, in nats per token. "
                    + "0 is the same model; up to 0.05 readers see no difference."),
    KL_MEAN("KL mean", KL.meaning + " The mean over all tokens."),
    KL_P99("KL p99", "The KL divergence that one token in a hundred exceeds: rare, large changes that the mean hides."),
    PERPLEXITY(
            "perplexity",
            "How hard the model finds the text; lower is better. Shown is the change against the original on the same windows."),
    TOP1("top-1 kept", "Share of tokens for which both models think the same next token the most probable."),
    HIDDEN_STATES(
            "Error of the hidden states",
            "How far the hidden states of the compressed model are from the original's, relative to their size: the mean over all"
                    + " tokens. Where it rises, blocks add errors of their own."),
    HELD_OUT(
            "held out",
            "The same error on the first evaluation text, which calibration did not read. Much above the error beside it: the"
                    + " calibration text does not resemble this one, or is too short."),
    SMALLER("smaller", "Size of all tensors of the original over that of the result.");

    private final String word;
    private final String meaning;

    Terms(String word, String meaning) {
        this.word = word;
        this.meaning = meaning;
    }

    public Html html() {
        return html(word);
    }

    /** Under another word, where the column is narrow. */
    public Html html(String other) {
        return Html.of("<abbr title=\"{}\">{}</abbr>", meaning, other);
    }
}
