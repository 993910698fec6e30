package dev.quern.cli.stack;

import com.sun.management.OperatingSystemMXBean;
import dev.quern.cli.client.DataOption;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Units;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackInfo;
import dev.quern.embedded.StackLease;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.process.ProcessWords;
import dev.quern.worker.BackendProbe;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** Checks whether this machine has what Quern needs. */
@Command(name = "doctor", description = "Look at this machine: does it have what Quern needs?")
public final class Doctor implements Callable<Integer> {
    private static final int JAVA = 25;
    private static final long LITTLE_MEMORY = 2L << 30;
    private static final long LITTLE_DISK = 1L << 30;
    private static final int PORT = 8080;

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Mixin
    private DataOption data = new DataOption();

    /**
     * One thing that was looked at.
     *
     * @param good Quern runs with it
     * @param note worth knowing all the same
     */
    record Finding(String what, boolean good, boolean note, String detail) {
        Finding(String what, boolean good, String detail) {
            this(what, good, false, detail);
        }

        private String label(Console console) {
            return good ? note ? "note " : console.green("ok   ") : console.red("bad  ");
        }
    }

    @Override
    public Integer call() throws InterruptedException {
        DataFolder folder = data.folder();
        List<Finding> findings = List.of(
                java(), machine(), memory(), disk(folder), dataFolder(folder), stack(folder), backend(folder), port());
        Console console = quern.console();
        if (console.json()) {
            console.print(
                    new JsonArray(findings.stream().map(RecordCodec::write).toList()));
        } else {
            findings.forEach(
                    finding -> console.print(finding.label(console) + finding.what() + ": " + finding.detail()));
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
        long available = available(Path.of("/proc/meminfo")).orElse(machine.getFreeMemorySize());
        return new Finding(
                "memory", total >= LITTLE_MEMORY, Units.bytes(total) + ", " + Units.bytes(available) + " available");
    }

    /** What Linux would give to processes: free memory, and caches that it can drop. Empty on other systems. */
    public static OptionalLong available(Path meminfo) {
        try (Stream<String> lines = Files.lines(meminfo)) {
            return lines.filter(line -> line.startsWith("MemAvailable:"))
                    .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
                    .findFirst();
        } catch (IOException | NumberFormatException e) {
            return OptionalLong.empty();
        }
    }

    private static Finding disk(DataFolder folder) {
        Path existing = existing(folder.path());
        try {
            long free = Files.getFileStore(existing).getUsableSpace();
            return new Finding("disk", free >= LITTLE_DISK, Units.bytes(free) + " free at " + existing);
        } catch (IOException e) {
            return new Finding("disk", false, existing + ": " + e.getMessage());
        }
    }

    /** The folder itself, or the nearest one above it that exists. */
    private static Path existing(Path folder) {
        Path existing = folder;
        while (!Files.exists(existing) && existing.getParent() != null) {
            existing = existing.getParent();
        }
        return existing;
    }

    private static Finding dataFolder(DataFolder folder) {
        try {
            folder.check();
            Path existing = existing(folder.path());
            if (!Files.isWritable(existing)) {
                return new Finding(
                        "data folder",
                        false,
                        existing + " cannot be written (--data or QUERN_DATA names another folder)");
            }
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

    /**
     * It unpacks its libraries where a worker of the data folder does, because not every file system allows them to be
     * run from there.
     */
    private static Finding backend(DataFolder folder) throws InterruptedException {
        Path place = existing(folder.path().resolve("scratch"));
        if (!Files.isWritable(place)) {
            return new Finding("backend", false, "not tried: its libraries are unpacked in the data folder");
        }
        try {
            BackendCommand.Answer answer =
                    BackendCommand.run(place, List.of("-XX:TieredStopAtLevel=1"), BackendProbe.class);
            String detail = answer.lastLine().isEmpty()
                    ? "it ended with " + answer.exitCode() + " without a word"
                    : answer.lastLine();
            return new Finding("backend", answer.exitCode() == 0, detail.replaceFirst("^" + ProcessWords.CAUSE, ""));
        } catch (IOException e) {
            return new Finding("backend", false, e.toString());
        }
    }

    private static Finding port() {
        try (ServerSocket socket = new ServerSocket(PORT, 1, InetAddress.getLoopbackAddress())) {
            return new Finding("port", true, socket.getLocalPort() + " is free");
        } catch (IOException e) {
            return new Finding(
                    "port", true, true, PORT + " is taken (start with: " + Console.command() + " up --port N)");
        }
    }
}
