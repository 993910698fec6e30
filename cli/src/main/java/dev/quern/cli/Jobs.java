package dev.quern.cli;

import picocli.CommandLine.Command;
import picocli.CommandLine.ParentCommand;

@Command(
        name = "jobs",
        description = "List, show, watch, cancel and download jobs.",
        synopsisSubcommandLabel = "COMMAND",
        subcommands = {JobsList.class, JobsShow.class, JobsWatch.class, JobsCancel.class, JobsDownload.class})
final class Jobs {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Quern quern;

    Console console() {
        return quern.console();
    }
}
