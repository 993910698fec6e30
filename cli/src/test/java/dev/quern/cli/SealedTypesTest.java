package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import dev.quern.recipes.json.JsonValue;
import java.io.IOException;
import java.io.InputStream;
import java.lang.classfile.ClassFile;
import java.lang.classfile.ClassModel;
import java.lang.classfile.CodeModel;
import java.lang.classfile.MethodModel;
import java.lang.classfile.Opcode;
import java.lang.classfile.instruction.InvokeDynamicInstruction;
import java.lang.classfile.instruction.NewObjectInstruction;
import java.lang.classfile.instruction.TypeCheckInstruction;
import java.lang.constant.ClassDesc;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/**
 * Every place that decides by the kind of a sealed type is a switch that the compiler checks: a new method, core or
 * operation then shows all places that must answer for it. JSON is left out, which people write and which may be of any
 * kind.
 */
class SealedTypesTest {
    private static final String SWITCH = "java.lang.runtime.SwitchBootstraps";
    private static final ClassDesc NO_CASE = ClassDesc.of("java.lang.MatchException");

    @Test
    void kindsAreDecidedByExhaustiveSwitches() throws Exception {
        List<String> found = new ArrayList<>();
        for (JavaClass type : new ClassFileImporter()
                .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
                .importPackages("dev.quern")) {
            for (MethodModel method : parse(type).methods()) {
                method.code()
                        .ifPresent(code ->
                                check(type.getName() + "." + method.methodName().stringValue(), code, found));
            }
        }
        assertThat(found).isEmpty();
    }

    private static ClassModel parse(JavaClass type) throws IOException {
        String name = "/" + type.getName().replace('.', '/') + ".class";
        try (InputStream in = SealedTypesTest.class.getResourceAsStream(name)) {
            return ClassFile.of().parse(in.readAllBytes());
        }
    }

    private static void check(String place, CodeModel code, List<String> found) {
        Set<String> kinds = new TreeSet<>();
        boolean exhaustive = code.elementStream()
                .anyMatch(element -> element instanceof NewObjectInstruction made
                        && made.className().asSymbol().equals(NO_CASE));
        code.elementStream().forEach(element -> {
            if (element instanceof TypeCheckInstruction test
                    && test.opcode() == Opcode.INSTANCEOF
                    && isKind(test.type().asSymbol())) {
                kinds.add("instanceof " + test.type().asInternalName());
            }
            if (element instanceof InvokeDynamicInstruction call
                    && !exhaustive
                    && isTypeSwitch(call)
                    && isSealed(call.typeSymbol().parameterType(0))) {
                kinds.add("default in a switch over "
                        + call.typeSymbol().parameterType(0).displayName());
            }
        });
        kinds.forEach(kind -> found.add(place + ": " + kind));
    }

    private static boolean isTypeSwitch(InvokeDynamicInstruction call) {
        return call.bootstrapMethod().owner().equals(ClassDesc.of(SWITCH));
    }

    private static boolean isKind(ClassDesc type) {
        return load(type).stream()
                .flatMap(kind -> Stream.of(kind.getInterfaces()))
                .anyMatch(parent -> parent.isSealed() && isOurs(parent));
    }

    private static boolean isSealed(ClassDesc type) {
        return load(type).stream().anyMatch(kind -> kind.isSealed() && isOurs(kind));
    }

    private static boolean isOurs(Class<?> type) {
        return type.getName().startsWith("dev.quern.") && type != JsonValue.class;
    }

    private static List<Class<?>> load(ClassDesc type) {
        if (!type.isClassOrInterface() || !type.packageName().startsWith("dev.quern")) {
            return List.of();
        }
        String name = type.packageName() + "." + type.displayName();
        try {
            return List.of(Class.forName(name, false, SealedTypesTest.class.getClassLoader()));
        } catch (ClassNotFoundException e) {
            throw new IllegalStateException(name, e);
        }
    }
}
