package dev.quern.cli;

import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(name = "completion", description = "Print a completion script for bash and zsh: source <(quern completion)")
final class Completion implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        quern.console().print(AutoComplete.bash("quern", spec.root().commandLine()));
        return Exit.COMPLETED.code();
    }
}
