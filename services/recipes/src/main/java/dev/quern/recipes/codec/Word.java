package dev.quern.recipes.codec;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * On an int component: a word that stands for one of its values in JSON, where the number itself is refused. On a
 * double component: a word for NaN and infinity, which JSON has no numbers for; it is read as NaN.
 */
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Word {
    /** For measured figures. */
    String NOT_FINITE = "not finite";

    String value();

    /** What an int component holds then. */
    int means() default 0;
}
