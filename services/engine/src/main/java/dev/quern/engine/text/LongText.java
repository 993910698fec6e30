package dev.quern.engine.text;

import dev.quern.engine.tokenizer.NativeTokenizer.Encoded;
import dev.quern.engine.tokenizer.Tokenizer;
import java.io.IOException;
import java.io.Reader;
import java.util.function.Predicate;

/**
 * Encodes a text of any length piece by piece, with the ids that it has as a whole, in memory for one piece.
 * Neighbouring pieces overlap. A later piece begins where a token of the earlier one does, and takes over inside the
 * overlap, where both have had the same tokens at the same places for a while: what a tokenizer does depends on what is
 * near, so from there on both go the same way. The edges of a piece, where text is missing, are not believed.
 */
final class LongText {
    /** Characters of a piece: about 30 MB in the native library. Shorter texts are encoded as they are. */
    static final int PIECE = 1 << 17;
    /** Characters that two pieces share at first; more where they do not agree. */
    private static final int OVERLAP = 1 << 12;
    /** Equal tokens that count as agreement. */
    private static final int AGREED = 64;
    /** Characters before the cut whose tokens may depend on what is cut off. */
    private static final int EDGE = 1 << 9;

    private final Tokenizer tokenizer;
    private final Reader text;
    private final boolean special;
    private final int piece;
    private final StringBuilder window = new StringBuilder();
    private boolean ended;

    private LongText(Tokenizer tokenizer, Reader text, boolean special, int piece) {
        this.tokenizer = tokenizer;
        this.text = text;
        this.special = special;
        this.piece = piece;
    }

    /**
     * Encodes until the sink has enough.
     *
     * @param special whether to add the special tokens of the post-processor
     * @param sink takes the next ids; false ends the reading
     * @return the sink's last answer
     * @throws NoSeamException for a text in which two pieces never agree
     */
    static boolean encode(Tokenizer tokenizer, Reader text, boolean special, Predicate<int[]> sink) throws IOException {
        return new LongText(tokenizer, text, special, PIECE).run(sink);
    }

    static boolean encode(Tokenizer tokenizer, Reader text, int piece, Predicate<int[]> sink) throws IOException {
        return new LongText(tokenizer, text, true, piece).run(sink);
    }

    /** Nothing but equal characters, for one, may have other tokens wherever one begins to read. */
    static final class NoSeamException extends IOException {
        private static final long serialVersionUID = 1;

        NoSeamException(int characters) {
            super("no place to cut " + characters + " characters into pieces with the tokens of the whole");
        }
    }

    private boolean run(Predicate<int[]> sink) throws IOException {
        fill();
        if (ended) {
            return sink.test(tokenizer.encode(window.toString(), special));
        }
        Encoded current = tokenizer.encodeWithPlaces(window.toString(), special);
        int from = 0;
        while (!ended) {
            Seam seam = seam(current, from);
            if (!sink.test(current.ids(from, seam.left()))) {
                return false;
            }
            current = seam.next();
            from = seam.right();
        }
        return sink.test(current.ids(from, current.size()));
    }

    /**
     * Where the next piece takes over.
     *
     * @param left token of the current piece
     * @param right the same token in the next one
     */
    private record Seam(Encoded next, int left, int right) {}

    private Seam seam(Encoded current, int from) throws IOException {
        int length = window.codePointCount(0, window.length());
        int edge = Math.min(EDGE, piece / 8);
        for (int overlap = Math.min(OVERLAP, piece / 4); overlap < length; overlap *= 2) {
            int first = lastBefore(current, length - overlap);
            if (first <= from) {
                break;
            }
            int base = current.start(first);
            String before = window.substring(0, window.offsetByCodePoints(0, base));
            window.delete(0, before.length());
            fill();
            Encoded next = tokenizer.encodeWithPlaces(window.toString(), special);
            int right = agreement(current, first, length - edge, next, base);
            if (right >= 0) {
                return new Seam(next, indexOf(current, first, next.start(right) + base, next.id(right)), right);
            }
            // Again from farther back; what was read stays in the window.
            window.insert(0, before);
        }
        throw new NoSeamException(window.length());
    }

    /** The last token that begins at a place or before it. */
    private static int lastBefore(Encoded encoded, int place) {
        int token = encoded.size() - 1;
        while (token > 0 && (encoded.start(token) < 0 || encoded.start(token) > place)) {
            token--;
        }
        return token;
    }

    /**
     * Walks both pieces side by side.
     *
     * @param first token of the current piece where the next one begins, at {@code base}
     * @param end place in the current piece from which on it is not believed
     * @return the token of the next piece from which on the two have agreed for long enough, -1 where they never do
     */
    private static int agreement(Encoded current, int first, int end, Encoded next, int base) {
        int agreed = 0;
        int left = first;
        int right = 0;
        while (left < current.size() && right < next.size() && current.start(left) < end) {
            int ahead = current.start(left) - (next.start(right) + base);
            boolean equal = ahead == 0 && current.id(left) == next.id(right) && next.start(right) >= 0;
            agreed = equal ? agreed + 1 : 0;
            if (agreed == AGREED) {
                return right - AGREED + 1;
            }
            left += ahead <= 0 ? 1 : 0;
            right += ahead >= 0 ? 1 : 0;
        }
        return -1;
    }

    private static int indexOf(Encoded encoded, int from, int start, int id) {
        int token = from;
        while (encoded.start(token) != start || encoded.id(token) != id) {
            token++;
        }
        return token;
    }

    /** Reads on until the window is full or the text over; never between the halves of a character. */
    private void fill() throws IOException {
        char[] buffer = new char[1 << 13];
        while (!ended && (window.length() < piece || Character.isHighSurrogate(window.charAt(window.length() - 1)))) {
            int read = text.read(buffer, 0, Math.clamp(piece - window.length(), 1, buffer.length));
            ended = read < 0;
            window.append(buffer, 0, Math.max(0, read));
        }
    }
}
