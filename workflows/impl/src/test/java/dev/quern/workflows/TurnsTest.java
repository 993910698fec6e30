package dev.quern.workflows;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class TurnsTest {
    @Test
    void aJobThatHadLessComesBeforeOneThatHadMore() {
        Turns turns = new Turns();

        assertThat(IntStream.range(0, 100).mapToObj(i -> turns.next()).toList())
                .isSorted()
                .startsWith(1, 2, 2, 2, 3)
                .endsWith(5);
    }
}
