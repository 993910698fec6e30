package dev.quern.recipes.codec;

import dev.quern.recipes.json.JsonObject;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;
import java.util.function.UnaryOperator;

/** On a record that may be written shorter than it is: completes its JSON before it is read. */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.TYPE)
public @interface CompletedBy {
    /** With a constructor without parameters. It may throw a QuernException, whose violations count as the record's. */
    Class<? extends UnaryOperator<JsonObject>> value();
}
