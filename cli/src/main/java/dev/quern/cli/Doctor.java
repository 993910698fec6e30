package dev.quern.cli;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackInfo;
import dev.quern.embedded.StackLease;
import dev.quern.recipes.QuernException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.RecordCodec;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

@Command(name = "doctor", description = "Look at this machine: does it have what Quern needs?")
final class Doctor implements Callable<Integer> {
    private static final int JAVA = 25;
    private static final long LITTLE_MEMORY = 2L << 30;
    private static final long LITTLE_DISK = 1L << 30;
    private static final int PORT = 8080;

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    @Mixin
    private DataOption data = new DataOption();

    /** One thing that was looked at. */
    record Finding(String what, boolean good, String detail) {}

    @Override
    public Integer call() throws InterruptedException {
        DataFolder folder = data.folder();
        List<Finding> findings = List.of(
                java(), machine(), memory(), disk(folder), dataFolder(folder), stack(folder), openBlas(), port());
        Console console = quern.console();
        if (console.json()) {
            console.print(
                    new JsonArray(findings.stream().map(RecordCodec::write).toList()));
        } else {
            findings.forEach(finding -> console.print((finding.good() ? console.green("ok   ") : console.red("bad  "))
                    + finding.what() + ": " + finding.detail()));
        }
        boolean well = findings.stream().allMatch(Finding::good);
        return (well ? Exit.COMPLETED : Exit.FAILED).code();
    }

    private static Finding java() {
        int found = Runtime.version().feature();
        return new Finding(
                "java",
                found >= JAVA,
                Runtime.version() + " in " + System.getProperty("java.home") + " (expected: " + JAVA + " or newer)");
    }

    private static Finding machine() {
        int cores = Runtime.getRuntime().availableProcessors();
        return new Finding(
                "machine",
                true,
                cores + " cores, " + System.getProperty("os.name") + " " + System.getProperty("os.arch"));
    }

    private static Finding memory() {
        OperatingSystemMXBean machine = ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
        long total = machine.getTotalMemorySize();
        return new Finding(
                "memory",
                total >= LITTLE_MEMORY,
                Units.bytes(total) + ", " + Units.bytes(machine.getFreeMemorySize()) + " free");
    }

    private static Finding disk(DataFolder folder) {
        Path existing = folder.path();
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        try {
            long free = Files.getFileStore(existing).getUsableSpace();
            return new Finding("disk", free >= LITTLE_DISK, Units.bytes(free) + " free at " + existing);
        } catch (IOException e) {
            return new Finding("disk", false, existing + ": " + e.getMessage());
        }
    }

    private static Finding dataFolder(DataFolder folder) {
        try {
            folder.check();
            return new Finding(
                    "data folder", true, folder.path() + (Files.exists(folder.path()) ? "" : " (not made yet)"));
        } catch (QuernException e) {
            return new Finding("data folder", false, String.valueOf(e.getMessage()));
        }
    }

    private static Finding stack(DataFolder folder) {
        Optional<StackLease> lease = StackLease.attach(folder);
        if (lease.isEmpty()) {
            return new Finding("stack", true, "none runs on the data folder");
        }
        try (StackLease held = lease.get()) {
            StackInfo stack = held.stack();
            return new Finding(
                    "stack", true, "process " + stack.pid() + ", " + stack.url() + ", Temporal at " + stack.temporal());
        }
    }

    /** In a JVM of its own: the Vector API is a module that a light command does not load. */
    private static Finding openBlas() throws InterruptedException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-modules=jdk.incubator.vector",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                "dev.quern.worker.BackendProbe"));
        try {
            Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            String said = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8)
                    .strip();
            boolean good = process.waitFor() == 0;
            return new Finding("backend", good, said.isEmpty() ? "did not start" : said);
        } catch (IOException e) {
            return new Finding("backend", false, String.valueOf(e.getMessage()));
        }
    }

    private static Finding port() {
        try (ServerSocket socket = new ServerSocket(PORT, 1, InetAddress.getLoopbackAddress())) {
            return new Finding("port", true, socket.getLocalPort() + " is free");
        } catch (IOException e) {
            return new Finding("port", true, PORT + " is taken (quern up needs --port N)");
        }
    }
}
