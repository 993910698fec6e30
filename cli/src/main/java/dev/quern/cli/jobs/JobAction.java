package dev.quern.cli.jobs;

import dev.quern.cli.client.Api;
import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.Exit;
import dev.quern.cli.console.Console;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.ParentCommand;

/** A command that asks the server to do something with one job and prints the job as it is then. */
abstract sealed class JobAction implements Callable<Integer> {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private Jobs jobs;

    @Mixin
    private JobArgument named = new JobArgument();

    @Mixin
    private ServerOptions server = new ServerOptions();

    private final Request request;
    private final boolean goesOn;

    private interface Request {
        void send(Api api, String job) throws InterruptedException;
    }

    /**
     * @param goesOn whether the job has work to do afterwards: an embedded stack that does not run is started for it
     */
    private JobAction(Request request, boolean goesOn) {
        this.request = request;
        this.goesOn = goesOn;
    }

    @Override
    public Integer call() throws InterruptedException {
        Console console = jobs.console();
        named.require();
        try (Connection connection = connect(server, console)) {
            String id = named.resolve(connection.api());
            request.send(connection.api(), id);
            JobView job = connection.api().job(id);
            if (console.json()) {
                console.print(RecordCodec.write(job));
            } else {
                console.print("job " + id + " " + words(job));
                if (goesOn && !JobWatcher.isOver(job)) {
                    console.print("  watch it:  " + Console.command() + " jobs watch " + id + server.words());
                }
            }
        }
        return Exit.COMPLETED.code();
    }

    /** What becomes of it, where that is not its state yet. */
    private static String words(JobView job) {
        if (JobWatcher.isOver(job)) {
            return job.state().word();
        }
        boolean paused = job.state() == JobState.PAUSED;
        return switch (job.desired()) {
            case PAUSE -> paused ? "paused" : "pausing";
            case CANCEL -> "cancelling";
            case RUN -> paused ? "resuming" : job.state().word();
        };
    }

    private Connection connect(ServerOptions to, Console console) throws InterruptedException {
        return goesOn ? Connection.open(to, StackOptions.standard(), console::say) : Connection.attach(to);
    }

    @Command(name = "cancel", description = "Ask a job to stop. Finished blocks are kept.")
    static final class Cancel extends JobAction {
        Cancel() {
            super(Api::cancel, false);
        }
    }

    @Command(
            name = "pause",
            description =
                    "Ask a job to stop until it is resumed. Finished blocks are kept; at most the block in work is lost.")
    static final class Pause extends JobAction {
        Pause() {
            super(Api::pause, false);
        }
    }

    @Command(name = "resume", description = "Continue a paused job from its finished blocks.")
    static final class Resume extends JobAction {
        Resume() {
            super(Api::resume, true);
        }
    }

    @Command(name = "retry", description = "Run a failed job again; only what is missing is made.")
    static final class Retry extends JobAction {
        Retry() {
            super(Api::retry, true);
        }
    }
}
