package dev.quern.engine.tokenizer;

import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonArray;
import dev.quern.recipes.json.JsonBool;
import dev.quern.recipes.json.JsonException;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * Tokens that were added to a tokenizer. They are in up to four files, and transformers gathers them: those of
 * {@code tokenizer.json}, then {@code added_tokens_decoder} of {@code tokenizer_config.json} or else
 * {@code added_tokens.json}, then special tokens that are only named, which take the next ids.
 */
final class AddedTokens {
    private static final String LIST = "added_tokens";
    static final String DECODER = "added_tokens_decoder";
    static final String CONFIG = "tokenizer_config.json";
    private static final String OLD_FILE = "added_tokens.json";
    static final String MAP = "special_tokens_map.json";
    private static final List<String> FLAGS = List.of("single_word", "lstrip", "rstrip", "normalized", "special");
    /** Members of the configuration that name a token. */
    static final List<String> NAMED =
            List.of("bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token");

    private static final List<String> LISTED = List.of("additional_special_tokens", "extra_special_tokens");

    private final List<Claim> claims;
    private final List<JsonObject> named;

    /**
     * A token that a file beside tokenizer.json puts at an id.
     *
     * @param described with flags of its own, which count more than those of tokenizer.json
     */
    private record Claim(String file, JsonObject token, int id, boolean described) {
        String content() {
            return AddedTokens.content(token);
        }
    }

    private AddedTokens(List<Claim> claims, List<JsonObject> named) {
        this.claims = claims;
        this.named = named;
    }

    static AddedTokens of(TokenizerFiles files) {
        JsonObject config = files.object(CONFIG);
        List<Claim> claims = new ArrayList<>();
        if (config.get(DECODER) instanceof JsonObject decoder) {
            decoder.members().forEach((id, token) -> claims.add(claim(CONFIG, token, id, true)));
        } else {
            files.object(OLD_FILE)
                    .members()
                    .forEach((token, id) -> claims.add(claim(OLD_FILE, new JsonString(token), Json.write(id), false)));
        }
        claims.removeIf(claim -> claim.content().isEmpty());
        claims.sort(Comparator.comparingInt(Claim::id));
        List<JsonObject> named = new ArrayList<>();
        for (JsonObject file : List.of(config, files.object(MAP))) {
            NAMED.forEach(name -> addNamed(named, file.get(name)));
            for (String list : LISTED) {
                if (file.get(list) instanceof JsonArray(List<JsonValue> tokens)) {
                    tokens.forEach(token -> addNamed(named, token));
                }
            }
        }
        return new AddedTokens(claims, named);
    }

    private static Claim claim(String file, JsonValue token, String id, boolean described) {
        try {
            return new Claim(file, token(token), Integer.parseInt(id), described);
        } catch (NumberFormatException e) {
            throw new QuernException(
                    ErrorCode.INVALID_CHECKPOINT,
                    file + ": " + Json.write(token) + ": id " + id + " (expected: a token id)",
                    e);
        }
    }

    private static void addNamed(List<JsonObject> named, @Nullable JsonValue token) {
        if (token instanceof JsonString || token instanceof JsonObject) {
            named.add(token(token));
        }
    }

    /** A token as tokenizer.json has it, but for its id; from a name, or from an object that transformers wrote. */
    private static JsonObject token(JsonValue value) {
        JsonObject given = value instanceof JsonObject object
                ? object
                : JsonObject.EMPTY.with("content", value).with("special", true);
        JsonObject token = JsonObject.EMPTY.with("content", content(given));
        for (String flag : FLAGS) {
            token = token.with(flag, JsonBool.TRUE.equals(given.get(flag)));
        }
        return token;
    }

    private static String content(JsonObject token) {
        return token.get("content") instanceof JsonString(String content) ? content : "";
    }

    /**
     * Tokens of tokenizer.json by their content.
     *
     * @throws JsonException when they are no JSON
     */
    private static Map<String, JsonObject> listed(JsonSpan span, String json) {
        Map<String, JsonObject> listed = new LinkedHashMap<>();
        String text = span.in(json);
        if (text != null && Json.parse(text) instanceof JsonArray(List<JsonValue> tokens)) {
            for (JsonValue token : tokens) {
                if (token instanceof JsonObject object) {
                    listed.put(content(object), object);
                }
            }
        }
        return listed;
    }

    /** tokenizer.json with the tokens that other files put at an id; itself where it has them all. */
    String merged(String json) {
        JsonSpan span = JsonSpan.of(json, LIST);
        Map<String, JsonObject> tokens = listed(span, json);
        Map<String, JsonObject> merged = new LinkedHashMap<>(tokens);
        for (Claim claim : claims) {
            JsonObject known = tokens.get(claim.content());
            if (known == null) {
                merged.put(claim.content(), claim.token().with("id", claim.id()));
            } else if (claim.described() && known.get("id") instanceof JsonNumber id) {
                merged.put(claim.content(), claim.token().with("id", id));
            }
        }
        return merged.equals(tokens) ? json : replaced(span, json, merged);
    }

    /** tokenizer.json with the special tokens that are only named, and that a tokenizer made of it does not know. */
    String completed(String json, Predicate<String> known) {
        JsonSpan span = JsonSpan.of(json, LIST);
        Map<String, JsonObject> tokens = listed(span, json);
        Map<String, JsonObject> merged = new LinkedHashMap<>(tokens);
        for (JsonObject token : named) {
            String content = content(token);
            if (!content.isEmpty() && !merged.containsKey(content) && !known.test(content)) {
                // The library numbers new tokens itself, in order.
                merged.put(content, token.with("id", 0));
            }
        }
        return merged.equals(tokens) ? json : replaced(span, json, merged);
    }

    private static String replaced(JsonSpan span, String json, Map<String, JsonObject> tokens) {
        return span.replaced(json, Json.write(new JsonArray(List.copyOf(tokens.values()))));
    }

    /**
     * Checks that every token has the id that its file says.
     *
     * @param encode by a tokenizer made of the merged file
     * @throws QuernException INVALID_CHECKPOINT that names the token
     */
    void check(String json, Function<String, int[]> encode) {
        Map<String, JsonObject> tokens = listed(JsonSpan.of(json, LIST), json);
        for (Claim claim : claims) {
            JsonObject listed = tokens.get(claim.content());
            if (listed != null && JsonNumber.of(claim.id()).equals(listed.get("id"))) {
                continue;
            }
            int[] ids = encode.apply(claim.content());
            if (ids.length != 1 || ids[0] != claim.id()) {
                throw new QuernException(
                        ErrorCode.INVALID_CHECKPOINT,
                        "%s: %s: id %d (expected: %s, which it has with %s)"
                                .formatted(
                                        claim.file(),
                                        claim.content(),
                                        claim.id(),
                                        Arrays.toString(ids),
                                        TokenizerFiles.MAIN));
            }
        }
    }
}
