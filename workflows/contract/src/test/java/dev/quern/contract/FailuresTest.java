package dev.quern.contract;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import io.temporal.failure.ApplicationFailure;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class FailuresTest {
    static Stream<Arguments> errors() {
        return Stream.of(
                arguments(new IOException("No space left on device"), ErrorCode.DISK_BUDGET, true),
                arguments(
                        new FileSystemException("t/a/b", null, "No space left on device (the store: 507)"),
                        ErrorCode.DISK_BUDGET,
                        true),
                arguments(new IOException("Disk quota exceeded"), ErrorCode.DISK_BUDGET, true),
                arguments(new AccessDeniedException("head t/a/b", null, "AccessDenied"), ErrorCode.FORBIDDEN, true),
                arguments(new SocketException("store unavailable: 503"), ErrorCode.UNAVAILABLE, false),
                arguments(new SocketTimeoutException("timeout"), ErrorCode.UNAVAILABLE, false),
                arguments(new IOException("broken"), ErrorCode.INTERNAL, false));
    }

    /** No matter where it was noticed: the disk of a worker, its plan or the store. */
    @Test
    void tellsWhatToDoAboutAFullDisk() {
        for (Exception thrown : List.of(
                new IOException("No space left on device"),
                new QuernException(ErrorCode.DISK_BUDGET, "scratch: full (expected: room)"))) {
            ApplicationFailure failure = (ApplicationFailure) Failures.toTemporal(thrown, 1);

            assertThat(failure.getOriginalMessage())
                    .startsWith(thrown.getMessage())
                    .contains("(expected: ")
                    .endsWith("then retry the job: what it made is kept");
        }
    }

    @ParameterizedTest
    @MethodSource("errors")
    void sortsErrorsOfStoresDisksAndSockets(IOException error, ErrorCode code, boolean last) {
        for (Exception thrown : new Exception[] {error, new UncheckedIOException(error)}) {
            ApplicationFailure failure = (ApplicationFailure) Failures.toTemporal(thrown, 1);

            assertThat(failure.getDetails().get(0, String.class)).isEqualTo(code.slug());
            assertThat(failure.getType()).isEqualTo(code.kind().name());
            assertThat(failure.isNonRetryable()).isEqualTo(last);
            assertThat(failure.getOriginalMessage()).contains(error.getMessage());
        }
    }
}
