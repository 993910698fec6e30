package dev.quern.proofs;

import dev.quern.testing.TestBackends;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * All processes of a service. They can be held at a fail point and killed. A killed process that nothing else restarts
 * is restarted here, as a supervisor or an operator would.
 */
interface Installation extends AutoCloseable {
    Path CHECKOUT = Path.of("..").toAbsolutePath().normalize();

    /**
     * On the servers that {@code quern.backends} names.
     *
     * @param before words before the commands, such as those of {@code taskset}
     */
    static Installation start(List<String> before, int workers) throws IOException, InterruptedException {
        return TestBackends.external()
                ? new ExternalInstallation(before, workers)
                : new EmbeddedInstallation(before, workers);
    }

    /** The processes that there are. */
    static Set<Victim> victims() {
        return TestBackends.external() ? ExternalInstallation.VICTIMS : EmbeddedInstallation.VICTIMS;
    }

    /** The address of the API; empty while none runs. */
    Optional<URI> api();

    /** The key of the API. */
    String token() throws IOException;

    /** A folder: the store, or where the S3 server keeps its objects. */
    Path store();

    /** Where processes of this installation can be held. */
    Place place();

    /** A worker beside the others. The caller ends it. */
    Process join(int threads) throws IOException;

    /** Kills a process and starts what nobody else starts again. */
    void kill(Victim victim) throws IOException, InterruptedException;

    /** The processes of earlier lives that have outlived their stack; they have a minute to go. */
    List<ProcessHandle> orphans() throws InterruptedException;

    @Override
    void close() throws IOException, InterruptedException;
}
