package dev.quern.contract;

/**
 * The job that a workflow serves.
 *
 * @param id of its row
 * @param generation of the workflow, from 1
 */
public record JobRef(String tenant, String id, int generation) {
    /** The workflow's id; readable in Temporal's pages. */
    public String workflowId() {
        return id + "-g" + generation;
    }
}
