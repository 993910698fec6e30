package dev.quern.control;

import dev.quern.temporal.TemporalServer;
import dev.quern.testing.TestBackends;
import dev.quern.testing.TestNamespace;
import java.io.IOException;
import org.jspecify.annotations.Nullable;

/** Temporal for one test: its in-process server, or a namespace of the test's own on the real server. */
final class TestTemporal implements AutoCloseable {
    /** The in-process server asks for it; the real one of the tests asks for none and ignores it. */
    static final String TOKEN = "the-key";

    private final String address;
    private final String namespace;
    private @Nullable TemporalServer server;

    private TestTemporal(String address, String namespace, @Nullable TemporalServer server) {
        this.address = address;
        this.namespace = namespace;
        this.server = server;
    }

    static TestTemporal start() throws IOException {
        if (TestBackends.external()) {
            String real = TestBackends.required("QUERN_TEST_TEMPORAL");
            return new TestTemporal(real, TestNamespace.create(real), null);
        }
        TemporalServer own = TemporalServer.start(TOKEN);
        return new TestTemporal(own.address(), "default", own);
    }

    String address() {
        return address;
    }

    String namespace() {
        return namespace;
    }

    /** Whether a server that dies takes along what it knew. */
    boolean forgets() {
        return server != null;
    }

    /** Dies as by kill -9 and comes back at the same address. */
    void killAndRestart() throws IOException {
        if (server == null) {
            TestBackends.killAndRestart("temporal");
            return;
        }
        server.close();
        server = TemporalServer.start(TOKEN, Integer.parseInt(address.substring(address.indexOf(':') + 1)));
    }

    @Override
    public void close() {
        if (server != null) {
            server.close();
        }
    }
}
