package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** The components of a record are passed by position, so more than a dozen are grouped by meaning. */
class RecordSizesTest {
    private static final int MOST = 12;

    @Test
    void noRecordHasMoreThanTwelveComponents() {
        Map<String, Long> components = new ClassFileImporter()
                .withImportOption(new ImportOption.DoNotIncludeTests()).importPackages("dev.quern").stream()
                        .filter(JavaClass::isRecord)
                        .collect(Collectors.toMap(JavaClass::getName, RecordSizesTest::components));

        assertThat(components).as("records found").hasSizeGreaterThan(200);
        assertThat(components)
                .allSatisfy((record, count) -> assertThat(count).as(record).isLessThanOrEqualTo(MOST));
    }

    private static long components(JavaClass type) {
        return type.getFields().stream()
                .filter(field -> !field.getModifiers().contains(JavaModifier.STATIC))
                .count();
    }
}
