package dev.quern.cli;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.FileSystem;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.MessageDigest;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The scripts {@code quern} and {@code mvnw} on a machine that has little more than a shell, in an empty home. */
@Timeout(120)
class BarePathTest {
    /** What every Linux and macOS has: nothing else may be needed beside a JDK. */
    private static final List<String> TOOLS = List.of(
            "sh",
            "basename",
            "cat",
            "chmod",
            "cp",
            "cut",
            "dirname",
            "find",
            "grep",
            "id",
            "ln",
            "locale",
            "ls",
            "mkdir",
            "mktemp",
            "mv",
            "readlink",
            "rm",
            "sed",
            "sha256sum",
            "sleep",
            "sort",
            "stty",
            "tail",
            "tr",
            "uname",
            "xargs");

    private static final String MAVEN = "apache-maven-9.9.9";

    @TempDir
    Path machine;

    private Path path;
    private Path checkout;
    private Path home;
    private Path javaHome = Path.of(System.getProperty("java.home"));
    private HttpServer server;

    @BeforeEach
    void prepare() throws IOException {
        path = Files.createDirectory(machine.resolve("bin"));
        home = Files.createDirectory(machine.resolve("home"));
        checkout = Files.createDirectory(machine.resolve("Prüf ung"));
        Files.createDirectories(checkout.resolve(".mvn/wrapper"));
        for (String file : List.of("quern", "mvnw", ".mvn/jdk.sh")) {
            Files.copy(Path.of("..", file), checkout.resolve(file));
            executable(checkout.resolve(file));
        }
        for (String tool : TOOLS) {
            provide(tool);
        }
    }

    @AfterEach
    void stop() {
        if (server != null) {
            server.stop(0);
        }
    }

    /** Without unzip the JDK unpacks, without curl and wget it downloads. */
    @ParameterizedTest
    @ValueSource(strings = {"", "unzip", "curl", "wget", "unzip curl wget"})
    void mavenIsFetchedCheckedAndRun(String further) throws Exception {
        for (String tool : further.split(" ", -1)) {
            assumeTrue(tool.isEmpty() || program(tool).isPresent(), tool);
            if (!tool.isEmpty()) {
                provide(tool);
            }
        }
        serveMaven("echo maven \"$@\"");

        assertThat(run("./mvnw", "-q", "package")).isEqualTo("0 maven -q package\n");
        server.stop(0);
        assertThat(run("./mvnw", "again")).as("without a network").isEqualTo("0 maven again\n");
    }

    @Test
    void aMavenThatIsAnotherOneIsNotRun() throws Exception {
        serveMaven("echo evil");
        Path properties = checkout.resolve(".mvn/wrapper/maven-wrapper.properties");
        Files.writeString(properties, Files.readString(properties).replaceFirst("Sum=.*", "Sum=" + "0".repeat(64)));

        assertThat(run("./mvnw", "-q"))
                .startsWith("1 ")
                .contains("Failed to validate Maven")
                .doesNotContain("evil");
        try (Stream<Path> left = Files.walk(home)) {
            assertThat(left.filter(Files::isRegularFile)).isEmpty();
        }
    }

    @Test
    void aHomeThatCannotBeWrittenIsNamed() throws Exception {
        serveMaven("echo maven");
        home = Files.createFile(machine.resolve("file"));

        assertThat(run("./mvnw", "-q"))
                .startsWith("1 ")
                .contains(home + "/.m2/wrapper/dists", "cannot be written", "set HOME or MAVEN_USER_HOME");
    }

    /** Java names files in the encoding of the locale, and this folder has an umlaut and a space. */
    @Test
    void theLauncherBuildsAndStartsInAnyFolderAndAPlainLocale() throws Exception {
        stubJdk();
        stubBuild(
                "mkdir -p cli/target/lib && echo lib >cli/target/lib/quern-engine.jar && echo cli >cli/target/quern-cli.jar");

        String printed = run("./quern", "inspect", "x y");

        assertThat(printed).startsWith("0 ").contains("quern: [2/17] Quern engine\n", "charmap UTF-8\n");
        assertThat(printed.lines()
                        .filter(line -> line.startsWith("java "))
                        .toList()
                        .getLast())
                .contains("dev.quern.cli.Main inspect x y")
                .contains("-Dquern.command=./quern");
        assertThat(printed).contains("CLASSPATH " + checkout.toRealPath() + "/target/quern/");
    }

    @Test
    void aBuildThatFailsShowsItsErrorsAndNotItsProgress() throws Exception {
        stubJdk();
        stubBuild("echo '[ERROR] no network' && exit 1");

        assertThat(run("./quern", "recipes"))
                .startsWith("1 ")
                .contains("[ERROR] no network\n", "quern: the build failed; all of its output: ")
                .doesNotContain("[INFO]");
        assertThat(checkout.resolve("target/quern/lock")).doesNotExist();
    }

    private void serveMaven(String script) throws Exception {
        byte[] served = archive(script);
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", exchange -> {
            exchange.sendResponseHeaders(200, served.length);
            exchange.getResponseBody().write(served);
            exchange.close();
        });
        server.start();
        String sum =
                HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(served));
        Files.writeString(
                checkout.resolve(".mvn/wrapper/maven-wrapper.properties"),
                "distributionUrl=http://127.0.0.1:" + server.getAddress().getPort() + "/org/apache/maven/" + MAVEN
                        + "-bin.zip\ndistributionSha256Sum=" + sum + "\n");
    }

    /** With permissions, as unzip restores them; the JDK does not. */
    private byte[] archive(String script) throws IOException {
        Path zip = machine.resolve("maven.zip");
        Map<String, ?> options = Map.of("create", "true", "enablePosixFileAttributes", "true");
        try (FileSystem archive = FileSystems.newFileSystem(zip, options)) {
            Path program = archive.getPath(MAVEN, "bin", "mvn");
            Files.createDirectories(program.getParent());
            script(program, script);
        }
        return Files.readAllBytes(zip);
    }

    /** A JDK that says how it was started. */
    private void stubJdk() throws IOException {
        Path jdk = machine.resolve("jdk");
        Files.createDirectories(jdk.resolve("bin"));
        Files.writeString(jdk.resolve("release"), "JAVA_VERSION=\"25.0.1\"\n");
        script(jdk.resolve("bin/javac"), "exit 0");
        script(
                jdk.resolve("bin/java"),
                "echo \"java $*\"; echo \"CLASSPATH ${CLASSPATH:-}\"; echo charmap $(locale charmap)");
        javaHome = jdk;
    }

    private void stubBuild(String script) throws IOException {
        script(
                checkout.resolve("mvnw"),
                "echo '[INFO] Building Quern engine 0.1.0-SNAPSHOT                 [2/17]'; sleep 2; " + script);
        for (String folder : List.of("db", "api", "cli", "embedded", "services", "workflows", "workers-gpu")) {
            Files.createDirectories(checkout.resolve(folder));
        }
        Files.writeString(checkout.resolve("pom.xml"), "<project/>");
    }

    private static void script(Path file, String text) throws IOException {
        Files.writeString(file, "#!/bin/sh\n" + text + "\n");
        executable(file);
    }

    private static void executable(Path file) throws IOException {
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    }

    private void provide(String tool) throws IOException {
        Path program = program(tool).orElseThrow(() -> new AssertionError(tool + ": this test needs it"));
        Files.createSymbolicLink(path.resolve(tool), program.toRealPath());
    }

    /** The program of this machine. */
    private static Optional<Path> program(String tool) {
        return Stream.of(System.getenv("PATH").split(":"))
                .map(folder -> Path.of(folder, tool))
                .filter(Files::isExecutable)
                .findFirst();
    }

    /** The exit code, and what the command printed. */
    private String run(String... command) throws IOException, InterruptedException {
        ProcessBuilder builder =
                new ProcessBuilder(command).directory(checkout.toFile()).redirectErrorStream(true);
        builder.environment().clear();
        builder.environment().put("PATH", path.toString());
        builder.environment().put("HOME", home.toString());
        builder.environment().put("JAVA_HOME", javaHome.toString());
        Process process = builder.start();
        String printed = new String(process.getInputStream().readAllBytes(), UTF_8);
        return process.waitFor() + " " + printed;
    }
}
