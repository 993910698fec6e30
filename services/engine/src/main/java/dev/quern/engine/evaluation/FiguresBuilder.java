package dev.quern.engine.evaluation;

import dev.quern.engine.evaluation.heldout.LinearErrors;

/** Figures of tokens in the order in which they are added, of a number known beforehand. */
final class FiguresBuilder {
    private final float[] nllOriginal;
    private final float[] nllCompressed;
    private final float[] kl;
    private final byte[] top1;
    private int count;

    FiguresBuilder(int tokens) {
        this.nllOriginal = new float[tokens];
        this.nllCompressed = new float[tokens];
        this.kl = new float[tokens];
        this.top1 = new byte[tokens];
    }

    void add(float nllOriginal, float nllCompressed, float kl, byte top1) {
        this.nllOriginal[count] = nllOriginal;
        this.nllCompressed[count] = nllCompressed;
        this.kl[count] = kl;
        this.top1[count] = top1;
        count++;
    }

    TokenFigures build(LinearErrors linears, StreamErrors stream) {
        if (count != kl.length) {
            throw new IllegalStateException("tokens: " + count + " (expected: " + kl.length + ")");
        }
        return new TokenFigures(nllOriginal, nllCompressed, kl, top1, linears, stream);
    }
}
