package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.harrel.jsonschema.Validator;
import dev.harrel.jsonschema.ValidatorFactory;
import dev.harrel.jsonschema.providers.SnakeYamlNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * docker-compose.yml, the Dockerfile and the script that makes their secrets agree with each other and with the rules
 * of Compose.
 */
class ComposeTest {
    private static final Pattern VERSIONED = Pattern.compile("[a-z/-]+:v?\\d+(\\.\\d+)+[\\w.-]*");
    private static final Pattern VARIABLE = Pattern.compile("\\$\\{(\\w+):\\?");

    @Test
    void fitsTheSchemaOfCompose() throws IOException {
        assertThat(errors(Deployment.composeText())).isEmpty();
    }

    /** The schema would find what this file must not have. */
    @Test
    void aMisspeltOptionIsFound() throws IOException {
        assertThat(errors(Deployment.composeText().replaceFirst("healthcheck:", "health-check:")))
                .isNotEmpty();
        assertThat(errors(Deployment.composeText().replaceFirst("restart: unless-stopped", "restart: [always]")))
                .isNotEmpty();
    }

    @Test
    void everyPortIsOpenOnLoopbackOnly() throws IOException {
        assertThat(services().values())
                .flatExtracting(service -> (List<?>) service.getOrDefault("ports", List.of()))
                .hasSizeGreaterThan(3)
                .allSatisfy(port -> assertThat(port).asString().startsWith("127.0.0.1:"));
    }

    /** A client on this machine knows no server named s3. */
    @Test
    void uploadsGoToAPortThatIsOpen() throws IOException {
        String address = Deployment.environment(services().get("api")).get("QUERN_S3_PUBLIC_ENDPOINT");

        assertThat(address).startsWith("http://localhost:");
        String port = address.substring(address.lastIndexOf(':') + 1);
        assertThat((List<?>) services().get("s3").get("ports"))
                .anySatisfy(open -> assertThat(open).asString().startsWith("127.0.0.1:" + port + ":"));
    }

    @Test
    void everyImageHasAVersion() throws IOException {
        assertThat(services().values())
                .extracting(service -> service.get("image"))
                .allSatisfy(image -> assertThat(image).asString().matches(VERSIONED));
        assertThat(Deployment.dockerfile())
                .filteredOn(line -> line.startsWith("FROM ") && !line.startsWith("FROM base "))
                .isNotEmpty()
                .allSatisfy(line ->
                        assertThat(line.replaceFirst("FROM (\\S+).*", "$1")).matches(VERSIONED));
    }

    /** A builder that does not find a module of the reactor builds nothing. */
    @Test
    void theBuildInTheImageSeesEveryModule() throws IOException {
        List<String> ignored = Files.readAllLines(Deployment.ROOT.resolve(".dockerignore"));

        assertThat(Deployment.modules())
                .hasSizeGreaterThan(10)
                .allSatisfy(module -> assertThat(ignored)
                        .noneMatch(pattern -> module.equals(pattern) || module.startsWith(pattern + "/")));
    }

    /** Images in the format of OCI have none. */
    @Test
    void composeAsksEachOfOurProcessesForItsHealth() throws IOException {
        assertThat(Deployment.dockerfile()).noneMatch(line -> line.startsWith("HEALTHCHECK"));
        for (String name : List.of("api", "control", "worker")) {
            List<String> check = Deployment.image(name).healthcheck();
            Map<String, String> environment = Deployment.image(name).environment();
            assertThat(check).contains("dev.quern.recipes.process.HealthCheck");
            assertThat(check.getLast())
                    .isEqualTo(environment.getOrDefault("SERVER_PORT", environment.get("QUERN_HTTP_PORT")));
        }
    }

    @Test
    void noContainerMayMoreThanItNeeds() throws IOException {
        assertThat(services())
                .allSatisfy((name, service) -> assertThat(service)
                        .as(name)
                        .containsEntry("cap_drop", List.of("ALL"))
                        .containsEntry("security_opt", List.of("no-new-privileges:true"))
                        .containsKeys("mem_limit", "pids_limit"));
        assertThat(List.of("api", "control", "worker"))
                .allSatisfy(name -> assertThat(services().get(name))
                        .as(name)
                        .containsEntry("read_only", true)
                        .doesNotContainKeys("cap_add", "privileged", "user"));
    }

    @Test
    void noSecretStandsInTheFile() throws IOException {
        for (Map<String, Object> service : services().values()) {
            Deployment.environment(service).forEach((name, value) -> {
                if (name.matches(".*(PASSWORD|ACCESS_KEY|SECRET_KEY|TOKEN)")) {
                    assertThat(value).as(name).matches("\\$\\{\\w+:\\?.*}");
                }
            });
        }
    }

    /** And running the script again changes nothing: volumes that exist keep their passwords. */
    @Test
    void theGeneratedSecretsAreThoseThatTheFileAsksFor(@TempDir Path folder) throws Exception {
        Path script = Files.createDirectory(folder.resolve("dev")).resolve("secrets");
        Files.copy(Deployment.ROOT.resolve("dev/secrets"), script, StandardCopyOption.COPY_ATTRIBUTES);

        run(script);
        Path secrets = folder.resolve(".env");
        String first = Files.readString(secrets);
        run(script);

        assertThat(Files.readString(secrets)).isEqualTo(first);
        assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(secrets)))
                .isEqualTo("rw-------");
        assertThat(first.lines().map(line -> line.substring(0, line.indexOf('='))))
                .containsExactlyInAnyOrderElementsOf(asked());
        assertThat(first.lines().map(line -> line.substring(line.indexOf('=') + 1)))
                .doesNotHaveDuplicates()
                .allSatisfy(value -> assertThat(value).hasSizeGreaterThan(10));
    }

    private static Set<String> asked() throws IOException {
        Set<String> names = new TreeSet<>();
        VARIABLE.matcher(Deployment.composeText())
                .results()
                .map((MatchResult match) -> match.group(1))
                .forEach(names::add);
        // As a secret, not as a variable of a service.
        names.add("QUERN_KEY");
        return names;
    }

    private static Map<String, Map<String, Object>> services() throws IOException {
        return Deployment.services(Deployment.compose(Deployment.composeText()));
    }

    private static List<String> errors(String compose) throws IOException {
        String schema = new String(
                ComposeTest.class
                        .getResourceAsStream("/compose/compose-spec.json")
                        .readAllBytes(),
                StandardCharsets.UTF_8);
        Validator.Result result = new ValidatorFactory()
                .withJsonNodeFactory(new SnakeYamlNode.Factory())
                .validate(schema, Deployment.plain(Deployment.compose(compose)));
        return result.getErrors().stream()
                .map(error -> error.getInstanceLocation() + ": " + error.getError())
                .toList();
    }

    private static void run(Path script) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(script.toString()).inheritIO().start();
        assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
        assertThat(process.exitValue()).isZero();
    }
}
