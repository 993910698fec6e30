package dev.quern.artifacts;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.util.regex.Pattern;

/** The object that says which installation a store belongs to, and whether this process speaks for it. */
public final class OwnerMarker {
    public static final String NAME = ".quern-owner";

    private static final Pattern INSTALLATION = Pattern.compile("[A-Za-z0-9-]{1,64}");

    private final String place;
    private volatile boolean claimed;

    /** @param place of the marker, for messages */
    public OwnerMarker(String place) {
        this.place = place;
    }

    /** How a store keeps the marker. */
    public interface Access {
        /** Creates the marker unless there is one. */
        void create(byte[] content) throws IOException;

        byte[] read() throws IOException;
    }

    public void claim(String installation, Access access) throws IOException {
        if (!INSTALLATION.matcher(installation).matches()) {
            throw new IllegalArgumentException(
                    "installation: \"" + installation + "\" (expected: 1 to 64 letters, digits and dashes)");
        }
        access.create((installation + "\n").getBytes(UTF_8));
        String owner = new String(access.read(), UTF_8).strip();
        claimed = owner.equals(installation);
        if (!claimed) {
            throw new ForeignStoreException(place, owner, installation);
        }
    }

    /** Before anything is deleted. */
    public void check() {
        if (!claimed) {
            throw new IllegalStateException("store: " + place + " not claimed (expected: before anything is deleted)");
        }
    }
}
