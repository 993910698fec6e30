package dev.quern.jobs.installation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.jobs.TestDatabase;
import org.junit.jupiter.api.Test;
import org.springframework.dao.DuplicateKeyException;

class InstallationRepositoryTest {
    private final TestDatabase database = TestDatabase.shared();

    @Test
    void thereIsOneForEver() {
        InstallationRepository installation = new InstallationRepository(database.client());

        assertThat(installation.id()).isEqualTo(installation.id());
        assertThatThrownBy(() -> database.client()
                        .sql("INSERT INTO installation DEFAULT VALUES")
                        .update())
                .isInstanceOf(DuplicateKeyException.class);
    }
}
