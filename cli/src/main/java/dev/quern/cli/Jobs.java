package dev.quern.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

@Command(
        name = "jobs",
        description = "List, show, watch, pause, resume, retry, cancel, approve, download and delete jobs.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        subcommands = {
            JobsList.class,
            JobsShow.class,
            JobsWatch.class,
            JobAction.Pause.class,
            JobAction.Resume.class,
            JobAction.Retry.class,
            JobAction.Cancel.class,
            JobsApprove.class,
            JobsDownload.class,
            JobsDelete.class
        })
final class Jobs implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    /** Without a command: the list of commands. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getOut());
        return Exit.COMPLETED.code();
    }

    Console console() {
        return quern.console();
    }
}
