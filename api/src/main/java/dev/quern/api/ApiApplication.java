package dev.quern.api;

import dev.quern.api.settings.ApiProperties;
import dev.quern.api.settings.LimitProperties;
import dev.quern.api.settings.PlaceProperties;
import dev.quern.recipes.process.Environment;
import java.util.Map;
import org.springframework.boot.Banner;
import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.annotation.PropertySource;

/**
 * The api process. Its defaults are in api.properties beside this class, because an embedded stack runs it in one JVM
 * with other Spring applications that would see each other's application.properties.
 */
// Errors that reach Tomcat are its ProblemValve's, not those of a page within the application.
@SpringBootApplication(exclude = ErrorMvcAutoConfiguration.class)
@EnableConfigurationProperties({ApiProperties.class, LimitProperties.class, PlaceProperties.class})
@PropertySource("classpath:dev/quern/api/api.properties")
public class ApiApplication {
    private static final Map<String, String> REQUIRED = Map.of(
            "SPRING_DATASOURCE_URL", "jdbc:postgresql://host:port/database",
            "QUERN_STORE", "file:///folder or s3://bucket/prefix");

    /** As a process of its own: all that it needs is in the environment, see docs/deployment.md. */
    public static void main(String[] args) {
        Environment.requireOrExit(System.getenv(), REQUIRED);
        SpringApplication application = new SpringApplication(ApiApplication.class);
        application.setBannerMode(Banner.Mode.OFF);
        application.run(args);
    }
}
