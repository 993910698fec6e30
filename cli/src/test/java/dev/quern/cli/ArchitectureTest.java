package dev.quern.cli;

import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideInAPackage;
import static com.tngtech.archunit.core.domain.JavaClass.Predicates.resideOutsideOfPackages;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaAccess;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.junit.AnalyzeClasses;
import com.tngtech.archunit.junit.ArchTest;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import java.util.Set;
import java.util.regex.Pattern;

/** The directions of docs/design.md, modules, and what workflow code may not do. */
@AnalyzeClasses(packages = "dev.quern", importOptions = ImportOption.DoNotIncludeTests.class)
class ArchitectureTest {
    @ArchTest
    static final ArchRule layers = layeredArchitecture()
            .consideringOnlyDependenciesInLayers()
            .layer("recipes")
            .definedBy("dev.quern.recipes..")
            .layer("engine")
            .definedBy("dev.quern.engine..")
            .layer("artifacts")
            .definedBy("dev.quern.artifacts..")
            .layer("jobs")
            .definedBy("dev.quern.jobs..")
            .layer("submissions")
            .definedBy("dev.quern.submissions..")
            .layer("postgres")
            .definedBy("dev.quern.postgres..")
            .layer("temporal")
            .definedBy("dev.quern.temporal..")
            .layer("openblas")
            .definedBy("dev.quern.openblas..")
            .layer("contract")
            .definedBy("dev.quern.contract..")
            .layer("workflows")
            .definedBy("dev.quern.workflows..")
            .layer("inputs")
            .definedBy("dev.quern.inputs..")
            .layer("process")
            .definedBy("dev.quern.process..")
            .layer("control")
            .definedBy("dev.quern.control..")
            .layer("worker")
            .definedBy("dev.quern.worker..")
            .layer("api")
            .definedBy("dev.quern.api..")
            .layer("embedded")
            .definedBy("dev.quern.embedded..")
            .layer("cli")
            .definedBy("dev.quern.cli..")
            .whereLayer("recipes")
            .mayNotAccessAnyLayer()
            .whereLayer("engine")
            .mayOnlyAccessLayers("recipes")
            .whereLayer("artifacts")
            .mayNotAccessAnyLayer()
            .whereLayer("postgres")
            .mayNotAccessAnyLayer()
            .whereLayer("temporal")
            .mayNotAccessAnyLayer()
            .whereLayer("jobs")
            .mayOnlyAccessLayers("recipes")
            .whereLayer("submissions")
            .mayOnlyAccessLayers("jobs", "artifacts", "recipes")
            .whereLayer("openblas")
            .mayOnlyAccessLayers("engine", "recipes")
            .whereLayer("contract")
            .mayOnlyAccessLayers("recipes")
            .whereLayer("workflows")
            .mayOnlyAccessLayers("contract", "recipes")
            .whereLayer("inputs")
            .mayOnlyAccessLayers("contract", "engine", "artifacts", "recipes")
            .whereLayer("process")
            .mayOnlyAccessLayers("contract", "recipes")
            .whereLayer("control")
            .mayOnlyAccessLayers(
                    "workflows",
                    "inputs",
                    "process",
                    "contract",
                    "submissions",
                    "jobs",
                    "artifacts",
                    "engine",
                    "recipes")
            .whereLayer("worker")
            .mayOnlyAccessLayers("inputs", "process", "contract", "engine", "openblas", "artifacts", "recipes")
            .whereLayer("api")
            .mayOnlyAccessLayers("submissions", "contract", "jobs", "artifacts", "recipes")
            .whereLayer("embedded")
            .mayOnlyAccessLayers("api", "control", "jobs", "postgres", "recipes", "temporal")
            .whereLayer("cli")
            .mayOnlyAccessLayers("engine", "recipes", "embedded", "worker");

    @ArchTest
    static final ArchRule theEngineKnowsNoFramework = noClasses()
            .that()
            .resideInAnyPackage("dev.quern.engine..", "dev.quern.recipes..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.springframework..", "io.temporal..", "io.grpc..", "org.bytedeco..", "java.sql..");

    /** Others may hand a client of the database to the repositories, but call none of its methods. */
    @ArchTest
    static final ArchRule sqlLivesInJobs = noClasses()
            .that(resideInAPackage("dev.quern..")
                    .and(resideOutsideOfPackages("dev.quern.jobs..", "dev.quern.testing..")))
            .should()
            .accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("talks to the database") {
                @Override
                public boolean test(JavaAccess<?> access) {
                    String owner = access.getTargetOwner().getPackageName();
                    boolean error = access.getTargetOwner().isAssignableTo(Throwable.class);
                    return !error && (owner.startsWith("org.springframework.jdbc") || owner.startsWith("java.sql"));
                }
            });

    @ArchTest
    static final ArchRule blasIsCalledInOnePlace = noClasses()
            .that(resideInAPackage("dev.quern..").and(resideOutsideOfPackages("dev.quern.openblas..")))
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("org.bytedeco..", "jdk.incubator..");

    /** Temporal replays workflow code: it must do the same again, whenever and wherever. */
    private static final Set<String> BANNED_OWNERS = Set.of(
            "java.lang.Thread",
            "java.lang.Runtime",
            "java.lang.ProcessBuilder",
            "java.util.Random",
            "java.util.SplittableRandom",
            "java.util.Timer",
            "java.security.SecureRandom",
            "java.lang.Math#random",
            "java.lang.System#currentTimeMillis",
            "java.lang.System#nanoTime",
            "java.lang.System#getenv",
            "java.lang.System#getProperty",
            "java.lang.System#identityHashCode",
            "java.lang.Object#wait",
            "java.util.UUID#randomUUID",
            "java.util.Collections#shuffle",
            "java.util.Date#<init>",
            "java.util.Calendar#getInstance",
            "java.util.Locale#getDefault",
            "java.util.TimeZone#getDefault");

    private static final Pattern BANNED_PACKAGES = Pattern.compile("java\\.util\\.concurrent\\.(?!TimeUnit).*"
            + "|java\\.io\\.(?!Serializable|IOException|UncheckedIOException).*|java\\.nio\\..*|java\\.net\\..*|java\\.sql\\..*"
            + "|javax\\.sql\\..*|sun\\..*|jdk\\..*|org\\.springframework\\..*");

    @ArchTest
    static final ArchRule workflowCodeIsDeterministic = noClasses()
            .that()
            .resideInAPackage("dev.quern.workflows..")
            .should()
            .accessTargetWhere(new DescribedPredicate<JavaAccess<?>>("is on the ban list of workflow code") {
                @Override
                public boolean test(JavaAccess<?> access) {
                    String owner = access.getTargetOwner().getName();
                    String target = owner + "#" + access.getTarget().getName();
                    boolean clock = owner.startsWith("java.time.")
                            && access.getTarget().getName().equals("now");
                    return clock
                            || BANNED_OWNERS.contains(owner)
                            || BANNED_OWNERS.contains(target)
                            || BANNED_PACKAGES.matcher(owner).matches();
                }
            });

    @ArchTest
    static final ArchRule workflowCodeHasNoStaticState = fields().that()
            .areDeclaredInClassesThat()
            .resideInAPackage("dev.quern.workflows..")
            .and()
            .areStatic()
            .should()
            .beFinal();

    @ArchTest
    static final ArchRule workflowCodeTakesNoMonitor = classes()
            .that()
            .resideInAPackage("dev.quern.workflows..")
            .should(new ArchCondition<JavaClass>("have no synchronized method") {
                @Override
                public void check(JavaClass type, ConditionEvents events) {
                    for (JavaCodeUnit unit : type.getCodeUnits()) {
                        boolean monitor = unit.getModifiers().contains(JavaModifier.SYNCHRONIZED);
                        events.add(new SimpleConditionEvent(unit, !monitor, unit.getFullName()));
                    }
                }
            });
}
