package dev.quern.contract;

/**
 * Names of task queues. A worker answers calls at any time; work it takes from three queues, one piece at a time: what follows on what
 * it has just done, what only its numeric profile may do, and what any profile may.
 */
public final class Queues {
    public static final String CONTROL = "quern-control";

    private Queues() {}

    /**
     * Every worker of a class answers here who it is.
     *
     * @param workerClass for example {@code cpu}
     */
    public static String calls(String workerClass) {
        return "quern-" + workerClass + "-calls";
    }

    /** Every worker of a class and a numeric profile answers here who it is. */
    public static String calls(String workerClass, String profile) {
        return calls(workerClass) + "-" + profile;
    }

    /** Work that any worker of a class may do. */
    public static String ofClass(String workerClass) {
        return "quern-" + workerClass;
    }

    /** Work that only workers of one numeric profile may do. */
    public static String ofProfile(String workerClass, String profile) {
        return ofClass(workerClass) + "-" + profile;
    }

    /** Work that one worker is the first to be offered. */
    public static String ofWorker(String worker) {
        return "quern-worker-" + worker;
    }
}
