package dev.quern.artifacts.range;

import dev.quern.artifacts.ObjectChangedException;
import java.io.IOException;
import java.io.InputStream;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

/** Objects of any size whose byte at {@code i} is known, and the requests that were made for them. */
final class PatternReader implements RangeReader {
    final List<String> requests = new CopyOnWriteArrayList<>();
    final Map<String, String> versions = new ConcurrentHashMap<>();

    static byte at(long position) {
        return (byte) (position * 31 + (position >> 8) * 7 + (position >> 20));
    }

    @Override
    public InputStream open(String key, long offset, long length, String etag) throws IOException {
        requests.add("%s@%d+%d".formatted(key, offset, length));
        if (!etag.equals(versions.getOrDefault(key, "v1"))) {
            throw new ObjectChangedException(key, etag);
        }
        return new InputStream() {
            private long position = offset;

            @Override
            public int read() {
                return position == offset + length ? -1 : at(position++) & 0xff;
            }

            @Override
            public int read(byte[] buffer, int from, int count) {
                if (position == offset + length && count > 0) {
                    return -1;
                }
                int n = (int) Math.min(count, offset + length - position);
                for (int i = 0; i < n; i++) {
                    buffer[from + i] = at(position++);
                }
                return n;
            }
        };
    }
}
