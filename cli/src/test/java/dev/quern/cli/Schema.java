package dev.quern.cli;

import dev.harrel.jsonschema.ValidatorFactory;
import dev.harrel.jsonschema.providers.SnakeYamlNode;
import java.io.IOException;
import java.nio.file.Files;
import java.util.List;

/** Checks documents against the published schemas. */
final class Schema {
    private Schema() {}

    /** @param schema a file in docs */
    static List<String> violations(String schema, String document) throws IOException {
        return new ValidatorFactory()
                        .withJsonNodeFactory(new SnakeYamlNode.Factory())
                        .validate(Files.readString(Cli.ROOT.resolve("docs").resolve(schema)), document)
                        .getErrors()
                        .stream()
                        .map(error -> error.getInstanceLocation() + ": " + error.getError())
                        .toList();
    }
}
