package dev.quern.engine.format;

/**
 * What compressed weights take in an output, in bytes.
 *
 * @param mask says which codes are stored; 0 in formats that store all
 * @param codes with what is needed to find and decode them
 */
public record WeightBytes(long mask, long codes, long scales, long zeros) {
    public static final WeightBytes NONE = new WeightBytes(0, 0, 0, 0);

    public WeightBytes plus(WeightBytes other) {
        return new WeightBytes(mask + other.mask, codes + other.codes, scales + other.scales, zeros + other.zeros);
    }

    public long total() {
        return mask + codes + scales + zeros;
    }
}
