package dev.quern.control;

import dev.quern.recipes.process.Environment;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The control process. It alone runs the migrations. Its defaults are in control.properties beside this class, because
 * an embedded stack runs it in one JVM with another Spring application.
 */
@SpringBootApplication
@EnableConfigurationProperties({ControlProperties.class, PlaceProperties.class})
@PropertySource("classpath:dev/quern/control/control.properties")
public class ControlApplication {
    private static final Map<String, String> REQUIRED = Map.of(
            "SPRING_DATASOURCE_URL", "jdbc:postgresql://host:port/database",
            "QUERN_TEMPORAL", "host:port",
            "QUERN_STORE", "file:///folder or s3://bucket/prefix",
            "QUERN_SCRATCH", "a scratch directory, private to the process");

    /** As a process of its own: all that it needs is in the environment, see docs/deployment.md. */
    public static void main(String[] args) {
        Environment.requireOrExit(System.getenv(), REQUIRED);
        SpringApplication application = new SpringApplication(ControlApplication.class);
        application.setWebApplicationType(WebApplicationType.NONE);
        application.setBannerMode(Banner.Mode.OFF);
        application.setDefaultProperties(properties(System.getenv()));
        application.run(args);
    }

    /** The two variables whose names, shared with the workers, differ from those of the properties. */
    static Map<String, Object> properties(Map<String, String> environment) {
        Map<String, Object> properties = new HashMap<>();
        put(properties, "quern.temporal.address", environment.get("QUERN_TEMPORAL"));
        put(properties, "quern.temporal.token", environment.get("QUERN_TOKEN"));
        return properties;
    }

    private static void put(Map<String, Object> properties, String name, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            properties.put(name, value);
        }
    }
}
