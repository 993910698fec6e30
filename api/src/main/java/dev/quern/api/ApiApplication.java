package dev.quern.api;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The api process. Its defaults stand in api.properties beside this class, because an embedded stack runs it in one JVM with other
 * Spring applications that would see each other's application.properties.
 */
@SpringBootApplication
@EnableConfigurationProperties(ApiProperties.class)
@PropertySource("classpath:dev/quern/api/api.properties")
public class ApiApplication {
    public static void main(String[] args) {
        SpringApplication.run(ApiApplication.class, args);
    }
}
