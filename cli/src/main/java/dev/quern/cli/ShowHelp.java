package dev.quern.cli;

import dev.quern.cli.command.Exit;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

@Command(name = "help", description = "Show the help of a command.")
final class ShowHelp implements Callable<Integer> {
    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Parameters(arity = "0..*", paramLabel = "COMMAND", description = "For example: jobs list.")
    private List<String> path = List.of();

    @Override
    public Integer call() {
        CommandLine command = spec.root().commandLine();
        for (String name : path) {
            CommandLine next = command.getSubcommands().get(name);
            if (next == null) {
                throw new ParameterException(spec.commandLine(), "no such command: " + String.join(" ", path));
            }
            command = next;
        }
        command.usage(command.getOut());
        return Exit.COMPLETED.code();
    }
}
