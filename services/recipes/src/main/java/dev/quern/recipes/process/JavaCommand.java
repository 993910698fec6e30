package dev.quern.recipes.process;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Further JVMs, with the Java and the class path of this one. */
public final class JavaCommand {
    private JavaCommand() {}

    /**
     * @param before words that stand before the command, such as those of {@code nice}
     * @param options of the JVM
     */
    public static ProcessBuilder of(
            List<String> before, List<String> options, String mainClass, List<String> arguments) {
        List<String> command = new ArrayList<>(before);
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(options);
        // Its file would be in the machine's folder for temporary files.
        command.add("-XX:-UsePerfData");
        command.add("--enable-native-access=ALL-UNNAMED");
        // protobuf reaches for sun.misc.Unsafe.
        command.add("--sun-misc-unsafe-memory-access=allow");
        command.add("-Dquern.build=" + System.getProperty("quern.build", "unknown"));
        command.add(mainClass);
        command.addAll(arguments);
        ProcessBuilder builder = new ProcessBuilder(command);
        // Not as an argument: a list of processes stays readable.
        builder.environment().put("CLASSPATH", System.getProperty("java.class.path"));
        return builder;
    }
}
