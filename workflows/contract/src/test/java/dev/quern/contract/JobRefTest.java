package dev.quern.contract;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class JobRefTest {
    /** Running workflows of an earlier version are found by it. */
    @Test
    void anIdOfAWorkflowIsTheJobAndItsGeneration() {
        assertThat(new JobRef("default", "5f0c", 3).workflowId()).isEqualTo("5f0c-g3");
    }
}
