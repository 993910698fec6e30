package dev.quern.cli;

import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.core.importer.Location;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchRule;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** Packages are small, and no two of them use each other, directly or through others. */
@AnalyzeClasses(packages = "dev.quern", importOptions = PackagesTest.MainClasses.class)
class PackagesTest {
    private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
    private static final int MOST = 16;

    /** Tests of other modules come in jars when the whole project is built. */
    static final class MainClasses implements ImportOption {
        private static final ImportOption NO_TESTS = new DoNotIncludeTests();

        @Override
        public boolean includes(Location location) {
            return NO_TESTS.includes(location) && !location.contains("-tests.jar");
        }
    }

    @ArchTest
    static final ArchRule noCircles =
            slices().matching("dev.quern.(**)").should().beFreeOfCycles();

    @Test
    void noPackageHasMoreThanSixteenFiles() throws IOException {
        Map<String, Long> files = files();

        assertThat(files).as("packages found").hasSizeGreaterThan(80);
        assertThat(files)
                .allSatisfy((folder, count) -> assertThat(count).as(folder).isLessThanOrEqualTo(MOST));
    }

    /** The number of Java files in every folder of main sources. */
    private static Map<String, Long> files() throws IOException {
        Map<String, Long> files = new TreeMap<>();
        try (Stream<Path> modules = Files.walk(ROOT, 2)) {
            for (Path sources : modules.map(module -> module.resolve("src/main/java"))
                    .filter(Files::isDirectory)
                    .toList()) {
                files.putAll(files(sources));
            }
        }
        return files;
    }

    private static Map<String, Long> files(Path sources) throws IOException {
        try (Stream<Path> files = Files.walk(sources)) {
            return files.filter(file -> file.toString().endsWith(".java"))
                    .collect(Collectors.groupingBy(
                            file -> String.valueOf(ROOT.relativize(file).getParent()), Collectors.counting()));
        }
    }
}
