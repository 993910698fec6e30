package dev.quern.control;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.autoconfigure.SpringBootApplication;
import org.springframework.boot.context.properties.EnableConfigurationProperties;
import org.springframework.context.annotation.PropertySource;

/**
 * The control process. It alone runs the migrations. Its defaults stand in control.properties beside this class, because an embedded
 * stack runs it in one JVM with another Spring application.
 */
@SpringBootApplication
@EnableConfigurationProperties(ControlProperties.class)
@PropertySource("classpath:dev/quern/control/control.properties")
public class ControlApplication {
    public static void main(String[] args) {
        SpringApplication.run(ControlApplication.class, args);
    }
}
