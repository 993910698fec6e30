package dev.quern.engine.tiling;

/**
 * Windows in tiles. Every numeric call sees one tile and sums run tile by tile, so a tile is part of what decides the
 * bits: it belongs to the plan and to every input key.
 *
 * @param windows of the calibration text
 * @param seqLen tokens of a window
 * @param windowsPerTile the last tile may have fewer
 */
public record Tiling(int windows, int seqLen, int windowsPerTile) {
    /** A tile has at least so many tokens, where there are that many: enough to keep matrix products busy. */
    static final int MIN_TOKENS = 4096;

    public Tiling {
        if (windows < 1 || seqLen < 1 || windowsPerTile < 1 || windowsPerTile > windows) {
            throw new IllegalArgumentException("windowsPerTile: " + windowsPerTile + " of " + windows + " windows of "
                    + seqLen + " (expected: 1 to all windows)");
        }
    }

    /** The plan's choice: the fewest windows that reach 4,096 tokens. */
    public static Tiling of(int windows, int seqLen) {
        return new Tiling(windows, seqLen, Math.min(windows, Math.ceilDiv(MIN_TOKENS, seqLen)));
    }

    public int tiles() {
        return Math.ceilDiv(windows, windowsPerTile);
    }

    public int firstWindow(int tile) {
        return tile * windowsPerTile;
    }

    /** One past the last window of a tile. */
    public int endWindow(int tile) {
        return Math.min(windows, (tile + 1) * windowsPerTile);
    }

    /** Tokens of one tile. */
    public int tokens(int tile) {
        return (endWindow(tile) - firstWindow(tile)) * seqLen;
    }

    /** Tokens of a full tile. */
    public int tokensPerTile() {
        return windowsPerTile * seqLen;
    }

    /** Tokens of all tiles. */
    public long tokens() {
        return (long) windows * seqLen;
    }
}
