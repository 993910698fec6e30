package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.reflect.Constructor;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

/** The same bits for any number of threads, before and after optimisation. */
public abstract class ReproducibilityContract extends BackendContract {
    @Test
    void numberOfThreadsChangesNoBit() {
        String profile = backend.numericProfile();
        assertThat(profile).matches("[0-9a-f]{64}");
        for (int threads : new int[] {1, 3}) {
            try (ComputeBackend other = open(threads)) {
                assertThat(other.numericProfile()).as("%d threads", threads).isEqualTo(profile);
            }
        }
    }

    @Test
    void codeGivesTheSameBitsBeforeAndAfterItIsOptimised() throws Exception {
        String compiled = backend.numericProfile();
        for (int warm = 0; warm < 4; warm++) {
            assertThat(backend.numericProfile()).isEqualTo(compiled);
        }
        // The first compiler makes no vector code, neither of loops nor of the Vector API.
        Process plain = new ProcessBuilder(
                        System.getProperty("java.home") + "/bin/java",
                        "-XX:TieredStopAtLevel=1",
                        "--enable-native-access=ALL-UNNAMED",
                        "--add-modules=jdk.incubator.vector",
                        "-cp",
                        System.getProperty("java.class.path"),
                        ProfileMain.class.getName(),
                        getClass().getName())
                .redirectError(ProcessBuilder.Redirect.DISCARD)
                .start();
        String unoptimised = new String(plain.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
        assertThat(plain.waitFor()).isZero();
        assertThat(unoptimised).isEqualTo(compiled);
    }

    /** Prints the profile of a backend in a JVM of its own. */
    static final class ProfileMain {
        private ProfileMain() {}

        public static void main(String[] arguments) throws ReflectiveOperationException {
            // A nested class of a test class.
            Class<?> contract = Class.forName(arguments[0]);
            Object test = create(contract.getEnclosingClass());
            try (ComputeBackend backend = ((BackendContract) create(contract, test)).open(2)) {
                System.out.println(backend.numericProfile());
            }
        }

        private static Object create(Class<?> type, Object... arguments) throws ReflectiveOperationException {
            Constructor<?> constructor = type.getDeclaredConstructors()[0];
            constructor.setAccessible(true);
            return constructor.newInstance(arguments);
        }
    }
}
