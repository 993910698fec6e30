package dev.quern.artifacts;

import dev.quern.artifacts.folder.FolderStore;
import java.io.ByteArrayInputStream;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Path;

/** A process that begins an object in a folder, says so, and ends it when its input ends. */
public final class SlowWriter {
    public static final String KEY = Keys.of("default").dataset("slow");

    private SlowWriter() {}

    public static void main(String[] folder) throws Exception {
        InputStream content = new FilterInputStream(new ByteArrayInputStream(new byte[] {1})) {
            @Override
            public long transferTo(OutputStream out) throws IOException {
                long first = super.transferTo(out);
                System.out.println("begun");
                return first + System.in.transferTo(out);
            }
        };
        new FolderStore(Path.of(folder[0])).create(KEY, content);
    }
}
