package dev.quern.engine.evaluation;

import dev.quern.engine.evaluation.heldout.LinearErrors;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/**
 * Per predicted token, in window order: negative log likelihood of the token that follows under both models,
 * KL(original ‖ compressed), both in nats, and whether both models find the same token most probable. Beside them, by
 * window, the errors of compressed linears, and of hidden states at all block boundaries. Immutable.
 */
public final class TokenFigures {
    private static final int MAGIC = 0x33465451;
    private static final int HEADER = 2 * Integer.BYTES;
    private static final int TOKEN = 3 * Float.BYTES + 1;

    private final float[] nllOriginal;
    private final float[] nllCompressed;
    private final float[] kl;
    private final byte[] top1;
    private final LinearErrors linears;
    private final StreamErrors stream;

    TokenFigures(
            float[] nllOriginal,
            float[] nllCompressed,
            float[] kl,
            byte[] top1,
            LinearErrors linears,
            StreamErrors stream) {
        this.nllOriginal = nllOriginal;
        this.nllCompressed = nllCompressed;
        this.kl = kl;
        this.top1 = top1;
        this.linears = linears;
        this.stream = stream;
    }

    /** Predicted tokens: all of a window but the first. */
    public int count() {
        return kl.length;
    }

    public float nllOriginal(int token) {
        return nllOriginal[token];
    }

    public float nllCompressed(int token) {
        return nllCompressed[token];
    }

    public float kl(int token) {
        return kl[token];
    }

    public boolean sameTop1(int token) {
        return top1[token] != 0;
    }

    LinearErrors linears() {
        return linears;
    }

    StreamErrors stream() {
        return stream;
    }

    /** Everything, little-endian, to be read back by {@link #of}. */
    public byte[] bytes() {
        ByteBuffer out = ByteBuffer.allocate(HEADER + count() * TOKEN + linears.bytes() + stream.bytes())
                .order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(MAGIC).putInt(count());
        for (float[] figures : new float[][] {nllOriginal, nllCompressed, kl}) {
            out.asFloatBuffer().put(figures);
            out.position(out.position() + count() * Float.BYTES);
        }
        linears.write(out.put(top1));
        stream.write(out);
        return out.array();
    }

    /** @throws IllegalArgumentException when the bytes were not made by {@link #bytes} */
    public static TokenFigures of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        if (bytes.length < HEADER || in.getInt() != MAGIC) {
            throw new IllegalArgumentException("token figures: " + bytes.length + " bytes (expected: QTF3 ...)");
        }
        int count = in.getInt();
        if (count < 0 || in.remaining() < (long) count * TOKEN) {
            throw new IllegalArgumentException("token figures: " + in.remaining() + " bytes (expected: " + count
                    + " tokens of " + TOKEN + " bytes)");
        }
        float[] nllOriginal = floats(in, count);
        float[] nllCompressed = floats(in, count);
        float[] kl = floats(in, count);
        byte[] top1 = new byte[count];
        in.get(top1);
        return new TokenFigures(nllOriginal, nllCompressed, kl, top1, LinearErrors.read(in), StreamErrors.read(in));
    }

    private static float[] floats(ByteBuffer in, int count) {
        float[] floats = new float[count];
        in.asFloatBuffer().get(floats);
        in.position(in.position() + count * Float.BYTES);
        return floats;
    }
}
