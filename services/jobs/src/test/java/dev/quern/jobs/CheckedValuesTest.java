package dev.quern.jobs;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.Desired;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import java.util.Arrays;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Migrations are written once, so the words that a column may hold stand there a second time. */
class CheckedValuesTest {
    private static final Pattern WORD = Pattern.compile("'([A-Z_]+)'");
    private static final String CONSTRAINT = """
            SELECT pg_get_constraintdef(c.oid) FROM pg_constraint c
              JOIN pg_attribute a ON a.attrelid = c.conrelid AND c.conkey = ARRAY[a.attnum]
             WHERE c.contype = 'c' AND c.conrelid = :table::regclass AND a.attname = :column
            """;

    static Stream<Arguments> columns() {
        return Stream.of(
                Arguments.of("job", "state", JobState.values()),
                Arguments.of("job", "stage", Stage.values()),
                Arguments.of("job", "desired", Desired.values()),
                Arguments.of("job_linear", "state", CellState.values()));
    }

    @ParameterizedTest(name = "{0}.{1}")
    @MethodSource("columns")
    void aColumnTakesTheWordsOfItsEnum(String table, String column, Enum<?>[] words) {
        String constraint = TestDatabase.shared()
                .client()
                .sql(CONSTRAINT)
                .param("table", table)
                .param("column", column)
                .query(String.class)
                .single();

        List<String> allowed = WORD.matcher(constraint)
                .results()
                .map((MatchResult match) -> match.group(1))
                .toList();
        assertThat(allowed)
                .containsExactlyElementsOf(Arrays.stream(words).map(Enum::name).toList());
    }
}
