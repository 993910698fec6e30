package dev.quern.contract;

import org.jspecify.annotations.Nullable;

/**
 * Names of task queues. A worker answers calls at any time; it takes work one piece at a time: what follows on what it
 * has just done, what only its numeric profile may do, and what any profile may. It does so for jobs that ask for its
 * class and for jobs that take any class.
 */
public final class Queues {
    public static final String CONTROL = "quern-control";

    private Queues() {}

    /**
     * Every worker of a class answers here who it is.
     *
     * @param workerClass for example {@code cpu}; null is any
     */
    public static String calls(@Nullable String workerClass) {
        return ofClass(workerClass) + "-calls";
    }

    /**
     * Every worker of a class and a numeric profile answers here who it is.
     *
     * @param workerClass null is any
     */
    public static String calls(@Nullable String workerClass, String profile) {
        return calls(workerClass) + "-" + profile;
    }

    /** One worker says here that it is there. */
    public static String presence(String worker) {
        return ofWorker(worker) + "-presence";
    }

    /**
     * Work that any worker of a class may do.
     *
     * @param workerClass null is any
     */
    public static String ofClass(@Nullable String workerClass) {
        // No class has a dot in its name.
        return workerClass == null ? "quern.any" : "quern-" + workerClass;
    }

    /**
     * Work that only workers of one numeric profile may do.
     *
     * @param workerClass null is any
     */
    public static String ofProfile(@Nullable String workerClass, String profile) {
        return ofClass(workerClass) + "-" + profile;
    }

    /** Work that one worker is the first to be offered. */
    public static String ofWorker(String worker) {
        return "quern-worker-" + worker;
    }
}
