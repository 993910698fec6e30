package dev.quern.cli.stack;

import dev.quern.cli.client.Connection;
import dev.quern.cli.client.ServerOptions;
import dev.quern.cli.command.CommandGroup;
import dev.quern.cli.command.Exit;
import dev.quern.cli.command.RootCommand;
import dev.quern.cli.completion.Ids;
import dev.quern.cli.console.Console;
import dev.quern.cli.console.Table;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.view.KeyView;
import java.time.Instant;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.ParentCommand;

/** Keys for people and programs that talk to a server. */
@Command(
        name = "keys",
        description = "Create, list and revoke API keys; requires a key with scope admin.",
        synopsisSubcommandLabel = "COMMAND",
        commandListHeading = "%nCommands:%n",
        subcommands = {Keys.Create.class, Keys.ListAll.class, Keys.Revoke.class})
public final class Keys extends CommandGroup {
    @ParentCommand
    @SuppressWarnings("NullAway.Init")
    private RootCommand quern;

    /** A command on the server's keys; the embedded stack is started where none runs. */
    abstract static sealed class Action implements Callable<Integer> {
        @ParentCommand
        @SuppressWarnings("NullAway.Init")
        private Keys keys;

        @Mixin
        private ServerOptions server = new ServerOptions();

        @Override
        public Integer call() throws InterruptedException {
            Console console = keys.quern.console();
            try (Connection connection = Connection.open(server, StackOptions.standard(), console::say)) {
                run(connection, console);
            }
            return Exit.COMPLETED.code();
        }

        abstract void run(Connection connection, Console console) throws InterruptedException;
    }

    @Command(name = "create", description = "Make a key and print it. It is shown this once.")
    static final class Create extends Action {
        @Parameters(paramLabel = "NAME", description = "Whom it is for, as logs and limits name it: alice, ci.")
        @SuppressWarnings("NullAway.Init")
        private String name;

        @Option(
                names = "--scope",
                paramLabel = "read|submit|admin",
                description =
                        "read looks; submit also submits, stops and uploads; admin also names files of the server, "
                                + "approves, deletes and manages keys (default: submit).")
        private KeyView.Scope scope = KeyView.Scope.SUBMIT;

        @Option(names = "--expires", paramLabel = "DAYS", description = "Days until it expires (default: never).")
        private @Nullable Integer days;

        @Override
        void run(Connection connection, Console console) throws InterruptedException {
            KeyView key = connection.api().createKey(new KeyView.Request(name, scope, days));
            if (console.json()) {
                console.print(RecordCodec.write(key));
                return;
            }
            console.say("key " + key.id() + " for " + key.name() + ", scope " + lower(key)
                    + (key.expiresAt() == null ? "" : ", until " + key.expiresAt()) + "; it is shown this once:");
            console.print(String.valueOf(key.key()));
        }
    }

    @Command(name = "list", description = "List keys, the newest first; never their secrets.")
    static final class ListAll extends Action {
        @Override
        void run(Connection connection, Console console) throws InterruptedException {
            KeyView.Page page = connection.api().keys();
            if (console.json()) {
                console.print(RecordCodec.write(page));
                return;
            }
            Table table = Table.ofText("key", "name", "scope", "state", "last used", "created", "by");
            for (KeyView key : page.keys()) {
                table.row(
                        key.id(),
                        key.name(),
                        lower(key),
                        state(key),
                        day(key.lastUsedAt(), "never"),
                        day(key.createdAt(), ""),
                        key.createdBy() == null ? "the installation" : key.createdBy());
            }
            table.print(console);
        }

        private static String state(KeyView key) {
            Instant expires = key.expiresAt();
            if (key.revokedAt() != null) {
                return "revoked " + day(key.revokedAt(), "");
            }
            if (expires == null) {
                return "valid";
            }
            return (expires.isBefore(Instant.now()) ? "expired " : "valid until ") + day(expires, "");
        }

        private static String day(@Nullable Instant time, String otherwise) {
            return time == null ? otherwise : time.toString().substring(0, "2026-01-31".length());
        }
    }

    @Command(name = "revoke", description = "End a key and the dashboard sessions that it opened, at once.")
    static final class Revoke extends Action {
        @Parameters(
                paramLabel = "ID",
                completionCandidates = Ids.Mark.class,
                description = "The key, as the list shows it; enough of its beginning.")
        @SuppressWarnings("NullAway.Init")
        private String id;

        @Override
        void run(Connection connection, Console console) throws InterruptedException {
            var found = connection.api().keys().keys().stream()
                    .filter(key -> key.id().startsWith(id.toLowerCase(Locale.ROOT)))
                    .toList();
            if (found.size() != 1) {
                throw new QuernException(
                        ErrorCode.NOT_FOUND,
                        "key: " + id + " fits " + (found.isEmpty() ? "none" : found.size() + " keys")
                                + " (expected: the id of a key, or enough of its beginning)");
            }
            connection.api().revokeKey(found.getFirst().id());
            if (console.json()) {
                console.print(
                        RecordCodec.write(connection.api().key(found.getFirst().id())));
            } else {
                console.print("key " + found.getFirst().id() + " of "
                        + found.getFirst().name() + " revoked");
            }
        }
    }

    private static String lower(KeyView key) {
        return key.scope().name().toLowerCase(Locale.ROOT);
    }
}
