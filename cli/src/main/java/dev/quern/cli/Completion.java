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
        // The generator's own head is a page about itself.
        String script = AutoComplete.bash("quern", spec.root().commandLine());
        String body = script.substring(Math.max(0, script.indexOf("\n\n")));
        quern.console().print("#!/usr/bin/env bash\n# Completion of quern for bash and zsh." + body);
        return Exit.COMPLETED.code();
    }
}
