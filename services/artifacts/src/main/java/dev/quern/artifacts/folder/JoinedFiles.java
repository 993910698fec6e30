package dev.quern.artifacts.folder;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Iterator;
import java.util.List;

/** The bytes of several files, one file open at a time. */
final class JoinedFiles extends InputStream {
    private final Iterator<Path> left;
    private InputStream current = InputStream.nullInputStream();

    JoinedFiles(List<Path> files) {
        this.left = files.iterator();
    }

    @Override
    public int read() throws IOException {
        byte[] one = new byte[1];
        return read(one, 0, 1) < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] buffer, int offset, int length) throws IOException {
        int count = current.read(buffer, offset, length);
        while (count < 0 && left.hasNext()) {
            current.close();
            current = Files.newInputStream(left.next());
            count = current.read(buffer, offset, length);
        }
        return count;
    }

    @Override
    public void close() throws IOException {
        current.close();
    }
}
