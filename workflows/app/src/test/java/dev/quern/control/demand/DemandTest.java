package dev.quern.control.demand;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class DemandTest {
    @Test
    void isSummedByClassAndProfile() {
        List<Demand> jobs = List.of(
                new Demand("gpu", "p1", 1, 4),
                new Demand("gpu", "p1", 0, 2),
                new Demand("gpu", "p2", 1, 1),
                new Demand("gpu", null, 1, 1),
                new Demand(null, null, 1, 3),
                new Demand(null, null, 1, 1));

        assertThat(Demand.total(jobs))
                .containsExactlyInAnyOrder(
                        new Demand("gpu", "p1", 1, 6),
                        new Demand("gpu", "p2", 1, 1),
                        new Demand("gpu", null, 1, 1),
                        new Demand(null, null, 2, 4));
    }

    @Test
    void nothingWaitsWithoutJobs() {
        assertThat(Demand.total(List.of())).isEmpty();
    }
}
