package dev.quern.recipes.codec;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * Marks a record that has files of its own: its JSON form begins with a member {@code apiVersion} of this value. A
 * reader accepts the record without the member, where an outer document has it, but no other value.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface ApiVersion {
    String MEMBER = "apiVersion";

    String value();
}
