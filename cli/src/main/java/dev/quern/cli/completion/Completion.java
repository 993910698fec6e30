package dev.quern.cli.completion;

import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.Spec;

/** Prints the completion script for bash and zsh. */
@Command(name = "completion", description = "Print a completion script for bash and zsh: source <(quern completion)")
public final class Completion implements Callable<Integer> {
    /** The generator's function for a list of words that is known beforehand. */
    private static final String REPLY = "function compReplyArray() {\n";

    /** Ids are not known beforehand: quern is asked for them. */
    private static final String REPLY_WITH_IDS = REPLY + """
              case $1 in
                %s*)
                  "${COMP_WORDS[0]/#\\~/$HOME}" ids -- "${COMP_WORDS[@]:1}" 2>/dev/null
                  if [ "$1" = %s ]; then compgen -f -- "${COMP_WORDS[COMP_CWORD]}"; fi
                  return
                  ;;
              esac
            """.formatted(Ids.Mark.TEXT, Ids.MarkOrFiles.TEXT);

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Spec
    @SuppressWarnings("NullAway.Init")
    private CommandSpec spec;

    @Override
    public Integer call() {
        // The generator's own head is a page about itself.
        String script = AutoComplete.bash("quern", spec.root().commandLine());
        String body = script.substring(Math.max(0, script.indexOf("\n\n")));
        quern.console()
                .print("#!/usr/bin/env bash\n# Completion of quern for bash and zsh."
                        + body.replace(REPLY, REPLY_WITH_IDS));
        return Exit.COMPLETED.code();
    }
}
