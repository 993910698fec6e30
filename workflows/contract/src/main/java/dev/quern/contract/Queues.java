package dev.quern.contract;

/** Names of task queues. */
public final class Queues {
    public static final String CONTROL = "quern-control";

    private Queues() {}

    /**
     * Serves work that any worker of a class may take.
     *
     * @param workerClass for example {@code cpu}
     */
    public static String ofClass(String workerClass) {
        return "quern-" + workerClass;
    }

    /** Serves work that only workers of one numeric profile may take. */
    public static String ofProfile(String workerClass, String profile) {
        return ofClass(workerClass) + "-" + profile;
    }
}
