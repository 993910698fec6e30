package dev.quern.api.html;

import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.drawing.Theme;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import org.springframework.core.io.Resource;
import org.springframework.core.io.support.PathMatchingResourcePatternResolver;

/**
 * The files that pages load, all from this server; their URLs carry a hash of the content, so browsers may keep them.
 */
public final class Assets {
    private static final Map<String, Asset> ALL = Map.of(
            "quern.css", Asset.of("text/css;charset=UTF-8", Theme.css().getBytes(StandardCharsets.UTF_8)),
            "quern.js", Asset.of("text/javascript;charset=UTF-8", read("classpath:dev/quern/api/quern.js")),
            "quern.svg", Asset.of("image/svg+xml", read("classpath:dev/quern/api/quern.svg")),
            "htmx.js",
                    Asset.of(
                            "text/javascript;charset=UTF-8",
                            read("classpath*:META-INF/resources/webjars/htmx.org/*/dist/htmx.min.js")));

    private Assets() {}

    /** @param hash the first 12 hex digits of the content's SHA-256 */
    @SuppressWarnings("ArrayRecordComponent") // shared with the response only, never compared
    public record Asset(String type, byte[] content, String hash) {
        static Asset of(String type, byte[] content) {
            return new Asset(type, content, Digests.sha256(content).substring(0, 12));
        }
    }

    public static Optional<Asset> find(String name) {
        return Optional.ofNullable(ALL.get(name));
    }

    static String url(String name) {
        Asset asset = ALL.get(name);
        if (asset == null) {
            throw new IllegalArgumentException("asset: " + name + " (expected: one of " + ALL.keySet() + ")");
        }
        return "/assets/" + name + "?v=" + asset.hash();
    }

    private static byte[] read(String pattern) {
        try {
            Resource[] found =
                    new PathMatchingResourcePatternResolver(Assets.class.getClassLoader()).getResources(pattern);
            if (found.length != 1) {
                throw new IllegalStateException(pattern + ": " + found.length + " files (expected: 1)");
            }
            return found[0].getContentAsByteArray();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
