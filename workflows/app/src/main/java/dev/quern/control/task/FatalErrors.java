package dev.quern.control.task;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What must not happen on a thread that the service cannot do without. */
public final class FatalErrors {
    private static final Logger LOG = LoggerFactory.getLogger(FatalErrors.class);
    /** As sysexits.h calls an internal error. */
    private static final int SOFTWARE = 70;

    private FatalErrors() {}

    /**
     * Ends the process at once: what an orderly end would need may be broken, and kill -9 is what everything here
     * survives.
     */
    public static void end(Thread thread, Throwable error) {
        try {
            LOG.error("{} is broken: the process ends", thread.getName(), error);
        } finally {
            Runtime.getRuntime().halt(SOFTWARE);
        }
    }
}
