package dev.quern.engine.text;

import dev.quern.recipes.digest.Digests;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Text as the engine sees it: windows of equal length, one after the other. Immutable. */
public final class TokenWindows {
    private static final int MAGIC = 0x31575451;
    /** With the name of a template behind that of the source. */
    private static final int CHAT_MAGIC = 0x32575451;

    private final String source;
    private final @Nullable String template;
    private final int seqLen;
    private final int[] tokens;
    private final String digest;

    /**
     * @param source where the text comes from: a path, or {@link Datasets#BUILT_IN}
     * @param template that chats of it were read through, as {@code chat_template.jinja}; null where there were none
     * @param seqLen tokens of a window
     * @param tokens ids of whole windows, [windows * seqLen]; copied
     */
    public TokenWindows(String source, @Nullable String template, int seqLen, int[] tokens) {
        if (seqLen < 1 || tokens.length == 0 || tokens.length % seqLen != 0) {
            throw new IllegalArgumentException(
                    "tokens: " + tokens.length + " (expected: whole windows of " + seqLen + ")");
        }
        this.source = source;
        this.template = template;
        this.seqLen = seqLen;
        this.tokens = tokens.clone();
        this.digest = Digests.sha256(content(seqLen, this.tokens));
    }

    /** The windows of a text without chats. */
    public TokenWindows(String source, int seqLen, int[] tokens) {
        this(source, null, seqLen, tokens);
    }

    public String source() {
        return source;
    }

    /** The template that chats were read through, by its file; null where there were none. */
    public @Nullable String template() {
        return template;
    }

    public int seqLen() {
        return seqLen;
    }

    /** Number of windows. */
    public int count() {
        return tokens.length / seqLen;
    }

    /** Tokens of all windows. */
    public long size() {
        return tokens.length;
    }

    /** A copy of the ids of windows [from, to). */
    public int[] tokens(int from, int to) {
        return Arrays.copyOfRange(tokens, from * seqLen, to * seqLen);
    }

    /** Windows [from, to) as windows of their own, with a digest of their own. */
    public TokenWindows slice(int from, int to) {
        return new TokenWindows(source, template, seqLen, tokens(from, to));
    }

    /** SHA-256 over the window length and the ids; where the text came from does not matter. */
    public String digest() {
        return digest;
    }

    /** Everything, to be read back by {@link #of}. */
    public byte[] bytes() {
        byte[] name = named(source);
        byte[] through = template == null ? new byte[0] : named(template);
        byte[] content = content(seqLen, tokens);
        return ByteBuffer.allocate(Integer.BYTES + name.length + through.length + content.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(template == null ? MAGIC : CHAT_MAGIC)
                .put(name)
                .put(through)
                .put(content)
                .array();
    }

    /** A text behind its length in bytes. */
    private static byte[] named(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        return ByteBuffer.allocate(Integer.BYTES + bytes.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putInt(bytes.length)
                .put(bytes)
                .array();
    }

    private static String name(ByteBuffer in) {
        byte[] name = new byte[in.getInt()];
        in.get(name);
        return new String(name, StandardCharsets.UTF_8);
    }

    /** @throws IllegalArgumentException when the bytes were not made by {@link #bytes} */
    public static TokenWindows of(byte[] bytes) {
        ByteBuffer in = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
        int magic = bytes.length < 12 ? 0 : in.getInt();
        if (magic != MAGIC && magic != CHAT_MAGIC) {
            throw new IllegalArgumentException("token windows: " + bytes.length + " bytes (expected: QTW1 or QTW2 …)");
        }
        String source = name(in);
        String template = magic == MAGIC ? null : name(in);
        int seqLen = in.getInt();
        int[] tokens = new int[in.remaining() / Integer.BYTES];
        in.asIntBuffer().get(tokens);
        return new TokenWindows(source, template, seqLen, tokens);
    }

    private static byte[] content(int seqLen, int[] tokens) {
        ByteBuffer out =
                ByteBuffer.allocate((1 + tokens.length) * Integer.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        out.putInt(seqLen).asIntBuffer().put(tokens);
        return out.array();
    }
}
