package dev.quern.cli.jobs;

import dev.quern.cli.client.Api;
import dev.quern.cli.completion.Ids;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.JobView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Which job a command is for: an id, the beginning of one, or the newest. */
public final class JobArgument {
    private static final Pattern WHOLE = Pattern.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}");
    private static final Pattern PREFIX = Pattern.compile("[0-9a-f][0-9a-f-]{3,34}");
    private static final int PAGE = 200;

    @Spec(Spec.Target.MIXEE)
    @SuppressWarnings("NullAway.Init")
    private CommandSpec command;

    @Parameters(
            arity = "0..1",
            paramLabel = "ID",
            completionCandidates = Ids.Mark.class,
            description = "The job: its id, or at least four digits that begin it.")
    private @Nullable String id;

    @Option(names = "--last", description = "The newest job.")
    private boolean last;

    /** Before anything is started for it: one job is named, in one way. */
    void require() {
        if (last == (id != null)) {
            throw new ParameterException(
                    command.commandLine(), last ? "both ID and --last" : "Missing required parameter: ID, or --last");
        }
        if (id != null && !isId(id)) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND, "job: " + id + " (expected: an id, or at least four digits that begin one)");
        }
    }

    private static boolean isId(String typed) {
        return PREFIX.matcher(typed).matches() || WHOLE.matcher(typed).matches();
    }

    /**
     * Refuses what is neither a folder nor an id, before anything is started for it.
     *
     * @throws QuernException INVALID_REQUEST
     */
    public static void requireIdOf(String result) {
        if (!isId(result)) {
            throw new QuernException(
                    ErrorCode.INVALID_REQUEST,
                    result + ": no such folder (expected: the folder of a result, or the id of a job)");
        }
    }

    /**
     * The whole id.
     *
     * @throws QuernException NOT_FOUND for a beginning of no job or of several
     */
    String resolve(Api api) throws InterruptedException {
        if (last) {
            return newest(api);
        }
        return whole(api, String.valueOf(id));
    }

    /** The id that was typed, or that begins so; throws as {@link #resolve}. */
    public static String whole(Api api, String typed) throws InterruptedException {
        return PREFIX.matcher(typed).matches() && !WHOLE.matcher(typed).matches() ? only(api, typed) : typed;
    }

    /** As a person would type it again, also before it is known which job that is. */
    String words() {
        return last ? "--last" : String.valueOf(id);
    }

    private static String newest(Api api) throws InterruptedException {
        return api.jobs(Map.of(), null, 1).jobs().stream()
                .map(JobView::id)
                .findFirst()
                .orElseThrow(() -> new QuernException(ErrorCode.NOT_FOUND, "--last: there is no job yet"));
    }

    private static String only(Api api, String prefix) throws InterruptedException {
        List<String> found = new ArrayList<>();
        JobView.@Nullable Page page = null;
        do {
            page = api.jobs(Map.of(), page == null ? null : page.next(), PAGE);
            page.jobs().stream()
                    .map(JobView::id)
                    .filter(job -> job.startsWith(prefix))
                    .forEach(found::add);
        } while (page.next() != null);
        if (found.size() != 1) {
            throw new QuernException(
                    ErrorCode.NOT_FOUND,
                    "job: " + prefix + " begins " + (found.isEmpty() ? "no id" : String.join(" and ", found))
                            + " (expected: the beginning of one job's id)");
        }
        return found.getFirst();
    }
}
