package dev.quern.recipes.codec;

import dev.quern.recipes.json.JsonObject;
import java.lang.reflect.RecordComponent;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/** What both directions of the codec must agree on: names of members, cases and enum constants. */
final class Shapes {
    private static final String TYPE = "type";

    private Shapes() {}

    static String discriminator(Class<?> sealed) {
        Discriminator named = sealed.getAnnotation(Discriminator.class);
        return named == null ? TYPE : named.value();
    }

    /** The records of a sealed interface, in the order of its permits clause. */
    static List<Class<?>> cases(Class<?> sealed) {
        return Arrays.asList(sealed.getPermittedSubclasses());
    }

    static String caseName(Class<?> type) {
        return type.getSimpleName().toLowerCase(Locale.ROOT);
    }

    static String constant(Enum<?> value) {
        boolean byName = value.getDeclaringClass().isAnnotationPresent(ByName.class);
        return byName ? value.name() : value.name().toLowerCase(Locale.ROOT);
    }

    /** The sealed interface of records that a record belongs to, null where there is none. */
    static @Nullable Class<?> sealedParent(Class<?> type) {
        return Arrays.stream(type.getInterfaces())
                .filter(Shapes::isSealedRecords)
                .findFirst()
                .orElse(null);
    }

    static boolean isSealedRecords(Class<?> type) {
        return type.isInterface() && type.isSealed() && cases(type).stream().allMatch(Class::isRecord);
    }

    static @Nullable String apiVersion(Class<?> type) {
        ApiVersion version = type.getAnnotation(ApiVersion.class);
        return version == null ? null : version.value();
    }

    /** A record's JSON in full. */
    static JsonObject complete(Class<?> type, JsonObject object) {
        CompletedBy completion = type.getAnnotation(CompletedBy.class);
        if (completion == null) {
            return object;
        }
        try {
            return completion.value().getDeclaredConstructor().newInstance().apply(object);
        } catch (ReflectiveOperationException e) {
            throw new IllegalStateException(type.getName(), e);
        }
    }

    /** The member that a component is read from and written to. */
    static String memberName(RecordComponent component) {
        Named named = component.getAnnotation(Named.class);
        return named == null ? component.getName() : named.value();
    }

    static boolean isFlat(RecordComponent component) {
        return component.isAnnotationPresent(Flat.class);
    }

    /** The members that a record is read from and written to. */
    static Set<String> memberNames(Class<?> type) {
        Set<String> names = new TreeSet<>();
        for (RecordComponent component : type.getRecordComponents()) {
            names.addAll(isFlat(component) ? memberNames(component.getType()) : Set.of(memberName(component)));
        }
        return names;
    }

    static boolean isNullable(RecordComponent component) {
        return component.getAnnotatedType().isAnnotationPresent(Nullable.class);
    }
}
