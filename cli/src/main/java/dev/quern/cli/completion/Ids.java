package dev.quern.cli.completion;

import dev.quern.cli.client.Api;
import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import dev.quern.recipes.view.KeyView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;
import picocli.CommandLine.PicocliException;
import picocli.CommandLine.Unmatched;

/**
 * Completes ids: prints those that a command takes, one a line. It asks a server that runs, never starts one, and
 * prints nothing where there is none or where it takes too long: a shell waits for it while somebody types.
 */
@Command(name = "ids", hidden = true, description = "Print the ids that a command takes; for completion.")
public final class Ids implements Callable<Integer> {
    /** A shell that waits longer seems stuck. A test on a busy machine may wait longer. */
    private static final Duration PATIENCE = Duration.ofMillis(Long.getLong("quern.completion.millis", 500));

    private static final int NEWEST = 100;
    private static final Set<JobState> UNFINISHED = Set.of(JobState.QUEUED, JobState.RUNNING, JobState.PAUSED);
    private static final Set<JobState> WITH_RESULT = Set.of(JobState.COMPLETED, JobState.QUARANTINED);

    /** The states of the jobs that a command takes; all others take any job. */
    private static final Map<String, Set<JobState>> STATES = Map.of(
            "cancel", UNFINISHED,
            "pause", Set.of(JobState.QUEUED, JobState.RUNNING),
            "resume", Set.of(JobState.PAUSED),
            "retry", Set.of(JobState.FAILED),
            "approve", Set.of(JobState.QUARANTINED),
            "delete", EnumSet.range(JobState.COMPLETED, JobState.CANCELLED),
            "download", WITH_RESULT,
            "evaluate", WITH_RESULT,
            "compare", WITH_RESULT);

    /** Stands for ids in the generated script. */
    public static final class Mark extends ArrayList<String> {
        static final String TEXT = "@ids";
        private static final long serialVersionUID = 1;

        Mark() {
            super(List.of(TEXT));
        }
    }

    /** Stands for ids and files. */
    public static final class MarkOrFiles extends ArrayList<String> {
        static final String TEXT = "@ids-or-files";
        private static final long serialVersionUID = 1;

        MarkOrFiles() {
            super(List.of(TEXT));
        }
    }

    /** What matters of the words on the command line. */
    private static final class Words {
        @Mixin
        private ServerOptions server = new ServerOptions();

        @Unmatched
        private List<String> others = new ArrayList<>();
    }

    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    @Parameters(arity = "0..*", paramLabel = "WORD", description = "The words so far, without quern itself.")
    private List<String> line = List.of();

    private volatile List<String> found = List.of();

    @Override
    public Integer call() throws InterruptedException {
        // The end of the process does not wait for it.
        Thread asking = Thread.ofVirtual().start(this::find);
        asking.join(PATIENCE);
        found.forEach(quern.console()::print);
        return Exit.COMPLETED.code();
    }

    private void find() {
        Words words = new Words();
        try {
            new CommandLine(words).parseArgs(line.toArray(String[]::new));
            try (Connection connection = Connection.attach(words.server)) {
                found = ids(connection.api(), words.others);
            }
        } catch (QuernException | PicocliException | InterruptedException e) {
            // Nothing to complete with; the command itself says what is wrong.
        }
    }

    private static List<String> ids(Api api, List<String> words) throws InterruptedException {
        if (words.contains("keys")) {
            return api.keys().keys().stream()
                    .filter(key -> key.revokedAt() == null)
                    .map(KeyView::id)
                    .toList();
        }
        Stream<JobView> jobs = api.jobs(Map.of(), null, NEWEST).jobs().stream();
        Set<JobState> states = states(words);
        return jobs.filter(job -> states == null || states.contains(job.state()))
                .map(JobView::id)
                .toList();
    }

    /** Null for all of them. */
    private static @Nullable Set<JobState> states(List<String> words) {
        for (String word : words) {
            if (STATES.containsKey(word)) {
                return STATES.get(word);
            }
        }
        return null;
    }
}
