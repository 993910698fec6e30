package dev.quern.engine.template.value;

/**
 * What has no value: it prints as nothing, holds nothing and is false; everything else that is done with it is an
 * error.
 *
 * @param name of the variable or member
 */
public record Undefined(String name) {
    TemplateException error() {
        return new TemplateException("'" + name + "' is undefined");
    }
}
