package dev.quern.postgres;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.List;

/** A data folder of PostgreSQL and the password of its only user. */
record Cluster(Path data, String password) {
    /**
     * The cluster of this folder; the first time it is made beside its place and renamed, so that half of one never
     * exists.
     */
    static Cluster in(Path home, PostgresBinaries binaries, Identity identity) throws IOException {
        Path data = home.resolve("data");
        Path password = home.resolve("password");
        if (!Files.isDirectory(data)) {
            make(home, data, password, binaries, identity);
        }
        String ours = majorVersion(binaries, identity);
        if (!version(data).equals(ours)) {
            throw new IllegalStateException(
                    data + ": PostgreSQL " + version(data) + " (expected: " + ours + ", the version of this program)");
        }
        identity.own(data);
        return new Cluster(data, Files.readString(password).strip());
    }

    static String version(Path data) throws IOException {
        return Files.readString(data.resolve("PG_VERSION")).strip();
    }

    private static String majorVersion(PostgresBinaries binaries, Identity identity) throws IOException {
        String line = Commands.run(identity.command(binaries.program("postgres"), "--version"))
                .orThrow("postgres --version")
                .output();
        return line.replaceAll("(?s)^\\D*(\\d+).*$", "$1");
    }

    private static void make(Path home, Path data, Path password, PostgresBinaries binaries, Identity identity)
            throws IOException {
        Path temporary = home.resolve("initialising");
        PostgresBinaries.delete(temporary);
        Files.createDirectories(temporary);
        Path secret = home.resolve("password.new");
        Files.deleteIfExists(secret);
        Files.createFile(secret, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        Files.writeString(secret, random());
        // initdb reads the password under the server's uid.
        Path copy = Files.copy(secret, temporary.resolve("pwfile"), StandardCopyOption.COPY_ATTRIBUTES);
        identity.own(temporary);
        initdb(temporary.resolve("data"), copy, binaries, identity);
        Files.move(secret, password, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
        Files.move(temporary.resolve("data"), data, StandardCopyOption.ATOMIC_MOVE);
        PostgresBinaries.delete(temporary);
    }

    private static void initdb(Path data, Path password, PostgresBinaries binaries, Identity identity)
            throws IOException {
        Commands.run(identity.command(
                        binaries.program("initdb"),
                        "--pgdata=" + data,
                        "--username=" + PostgresServer.USER,
                        "--pwfile=" + password,
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=C"))
                .orThrow("initdb");
        List<String> single =
                identity.command(binaries.program("postgres"), "--single", "-D", data.toString(), "postgres");
        Commands.run(single, "CREATE DATABASE " + PostgresServer.DATABASE + "\n")
                .orThrow("CREATE DATABASE");
    }

    private static String random() {
        byte[] bits = new byte[24];
        new SecureRandom().nextBytes(bits);
        return HexFormat.of().formatHex(bits);
    }
}
