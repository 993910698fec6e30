package dev.quern.engine.checkpoint;

import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The names under which tensors are read, whatever their file calls them. Loaders accept two more layouts than the
 * usual one: without the leading {@code model.}, as a decoder is saved without its head, and tied embeddings that are
 * stored as the head.
 */
final class TensorNames {
    static final String EMBEDDING = "model.embed_tokens.weight";
    static final String HEAD = "lm_head.weight";
    private static final String PREFIX = "model.";

    private TensorNames() {}

    /**
     * @param stored names in the file
     * @param tied the head is the embedding, by config.json
     * @return the names under which tensors are read, by those in the file
     */
    static Map<String, String> of(Collection<String> stored, boolean tied) {
        boolean bare = stored.contains(EMBEDDING.substring(PREFIX.length()))
                && stored.stream().noneMatch(name -> name.startsWith(PREFIX));
        Map<String, String> names = new LinkedHashMap<>();
        for (String name : stored) {
            names.put(name, bare && !name.equals(HEAD) ? PREFIX + name : name);
        }
        if (tied && names.containsKey(HEAD) && !names.containsValue(EMBEDDING)) {
            names.put(HEAD, EMBEDDING);
        }
        return names;
    }
}
