package dev.quern.cli.client;

import dev.quern.cli.command.Version;
import dev.quern.cli.console.Console;
import dev.quern.embedded.DataFolder;
import dev.quern.embedded.StackLauncher;
import dev.quern.embedded.StackLease;
import dev.quern.embedded.StackOptions;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import java.net.URI;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/** A server to talk to: one that runs elsewhere, or the embedded stack with a lease on it. */
public final class Connection implements AutoCloseable {
    private final @Nullable StackLauncher launcher;
    private @Nullable StackLease lease;
    private Api api;

    private Connection(@Nullable StackLauncher launcher, @Nullable StackLease lease, Api api) {
        this.launcher = launcher;
        this.lease = lease;
        this.api = api;
    }

    /** Starts the embedded stack where none runs. */
    public static Connection open(ServerOptions server, StackOptions options, Consumer<String> progress)
            throws InterruptedException {
        URI url = server.server();
        if (url != null) {
            return remote(url, server.key());
        }
        StackLauncher launcher = new StackLauncher(server.folder(), options, progress);
        StackLease lease = launcher.acquire();
        lease.hurry();
        return new Connection(launcher, lease, api(lease));
    }

    /** @throws QuernException UNAVAILABLE where no embedded stack runs */
    public static Connection attach(ServerOptions server) {
        URI url = server.server();
        if (url != null) {
            return remote(url, server.key());
        }
        DataFolder folder = server.folder();
        folder.check();
        StackLease lease = StackLease.attach(folder)
                .orElseThrow(() -> new QuernException(
                        ErrorCode.UNAVAILABLE,
                        folder.path() + ": no stack runs on this folder (start one with: " + Console.command() + " up"
                                + server.words() + ")"));
        return new Connection(null, lease, api(lease));
    }

    private static Connection remote(URI url, @Nullable String key) {
        return new Connection(null, null, new Api(url, key));
    }

    private static Api api(StackLease lease) {
        return new Api(URI.create(lease.stack().url()), lease.token());
    }

    public Api api() {
        return api;
    }

    /** Where the pages of the embedded stack are; nothing for a server that runs elsewhere. */
    public void sayWhere(Console console) {
        if (lease == null) {
            return;
        }
        console.say("dashboard: " + lease.link());
        if (!lease.stack().build().equals(Version.build())) {
            console.say("note: the stack runs another build (" + lease.stack().build()
                    + "); it goes with its last command");
        }
    }

    @Nullable
    public StackLease lease() {
        return lease;
    }

    /** The error of a server that does not answer, with what the embedded stack says of its parts. */
    public QuernException explained(QuernException error) {
        return trouble()
                .map(trouble -> new QuernException(error.code(), error.getMessage() + "; " + trouble, error))
                .orElse(error);
    }

    /**
     * What keeps parts of the embedded stack from running; empty where all run, and for a server that runs elsewhere.
     */
    public Optional<String> trouble() {
        StackLease held = lease;
        try {
            return held == null ? Optional.empty() : held.trouble();
        } catch (QuernException gone) {
            return Optional.empty();
        }
    }

    /**
     * After the server could not be reached: finds it again, or starts the embedded stack again. False where there is
     * no way.
     */
    public boolean restore() throws InterruptedException {
        if (launcher == null) {
            return false;
        }
        close();
        StackLease again = launcher.acquire();
        lease = again;
        api = api(again);
        return true;
    }

    @Override
    public void close() {
        api.close();
        if (lease != null) {
            lease.close();
        }
    }
}
