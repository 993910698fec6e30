package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.view.KeyView;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Keys on the command line, on the real stack. */
class KeysIT {
    @Test
    void aKeyIsMadeListedAndRevokedAndAnotherTokenEndsTheFirst() throws IOException, InterruptedException {
        Path data = Files.createTempDirectory("quern-it-");
        String first;
        try {
            TestStack stack = TestStack.on(data, 1);
            first = stack.lease().token();
            String url = stack.lease().stack().url();
            Cli made = keys(data, "create", "ci", "--scope", "read", "--expires", "7");
            assertThat(made.code()).as(made.err()).isZero();
            String secret = made.out().strip();
            assertThat(made.err()).contains("for ci, scope read, until 20").doesNotContain(secret);
            assertThat(status(url, secret)).isEqualTo(200);

            Cli list = keys(data, "list");
            assertThat(list.out())
                    .contains("ci", "read", "valid until 20", "the installation")
                    .doesNotContain(secret);
            KeyView key = RecordCodec.read(
                            keys(data, "list", "--output", "json").json(), KeyView.Page.class)
                    .keys()
                    .getFirst();
            Cli revoked = keys(data, "revoke", key.id().substring(0, 8));
            assertThat(revoked.code()).as(revoked.err()).isZero();
            assertThat(status(url, secret)).isEqualTo(401);
            assertThat(keys(data, "revoke", "nonsense").code()).isEqualTo(65);
            assertThat(keys(data, "create", "a b").err()).contains("name: a b (expected: 1 to 64 letters");

            ProcessHandle process = stack.process();
            stack.lease().close();
            TestStack.await(process);
            Files.delete(data.resolve("token"));
            TestStack again = TestStack.on(data, 1);
            try {
                assertThat(again.lease().token()).isNotEqualTo(first);
                assertThat(status(again.lease().stack().url(), again.lease().token()))
                        .isEqualTo(200);
                assertThat(status(again.lease().stack().url(), first)).isEqualTo(401);
            } finally {
                again.lease().close();
            }
        } finally {
            TestStack.end(data);
        }
    }

    private static Cli keys(Path data, String... arguments) {
        String[] all = new String[arguments.length + 3];
        all[0] = "keys";
        System.arraycopy(arguments, 0, all, 1, arguments.length);
        all[arguments.length + 1] = "--data";
        all[arguments.length + 2] = data.toString();
        return Cli.run(all);
    }

    private static int status(String url, String key) throws IOException, InterruptedException {
        try (HttpClient http = HttpClient.newHttpClient()) {
            HttpRequest whoami = HttpRequest.newBuilder(URI.create(url + "/api/v1/whoami"))
                    .header("Authorization", "Bearer " + key)
                    .build();
            return http.send(whoami, HttpResponse.BodyHandlers.ofString()).statusCode();
        }
    }
}
