package dev.quern.inputs;

import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.List;

/** Sizes and times of a folder's files, hashed: tells in no time that a source is not what was inspected. */
public final class SourceStamp {
    private SourceStamp() {}

    /** @param files relative to the folder */
    public static String of(Path folder, List<String> files) {
        try {
            MessageDigest digest = Digests.sha256();
            for (String name : files) {
                BasicFileAttributes file = Files.readAttributes(folder.resolve(name), BasicFileAttributes.class);
                String line =
                        name + " " + file.size() + " " + file.lastModifiedTime().toMillis() + "\n";
                digest.update(line.getBytes(StandardCharsets.UTF_8));
            }
            return Digests.hex(digest.digest());
        } catch (IOException e) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT, folder + ": cannot be read, " + e + " (expected: readable files)", e);
        }
    }

    /** @throws QuernException SOURCE_CHANGED when it is not the expected one */
    public static void require(String expected, Path folder, List<String> files) {
        if (!of(folder, files).equals(expected)) {
            throw new QuernException(
                    ErrorCode.SOURCE_CHANGED, folder + ": changed since it was inspected (expected: the same files)");
        }
    }
}
