package dev.quern.engine.artifact;

import dev.quern.engine.artifact.ArtifactName.Kind;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipe.Propagation;
import dev.quern.recipes.activation.Activations;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.digest.Digests;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonValue;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * What the artifacts of one compression are made from, and so their names (docs/design.md, artifacts). Only what
 * decides a payload enters its key: the recipe without its name, whatever sections it has, and for plain rounding no
 * calibration text. A stream has a key for each tile; that of the original model is the same however it was made, so
 * neither segments nor slices nor the recipe change it; in a sequential walk each key holds the one before.
 *
 * @param modelDigest of the checkpoint
 * @param calibrationDigest of the token windows
 * @param windowsPerTile the plan's tile: sums run tile by tile
 * @param profile numeric profile of the job's workers
 */
public record Provenance(
        String modelDigest, Recipe recipe, String calibrationDigest, int windowsPerTile, String profile) {
    static final String BLOCK_SCHEMA = "quern-block/v2";
    /** How weights on a mask are fitted; another number where the same fit gets other bits (ADR 50). */
    private static final int MASK_FIT = 2;

    static final String STREAM_SCHEMA = "quern-stream/v1";
    static final String STATISTICS_SCHEMA = "quern-statistics/v1";
    static final String PART_SCHEMA = "quern-part/v1";
    static final String FIGURES_SCHEMA = "quern-figures/v3";
    static final String RESULT_FIGURES_SCHEMA = "quern-result-figures/v3";

    /**
     * With sequential propagation the sum over all tiles is the sum over so many runs of tiles, or over all tiles where
     * there are fewer; part of what decides the bits. Four, because each run's sums are matrices that workers who share
     * a block must store.
     */
    public static final int SUM_RUNS = 4;

    /** The same with another recipe. */
    public Provenance with(Recipe other) {
        return new Provenance(modelDigest, other, calibrationDigest, windowsPerTile, profile);
    }

    /** The artifact of a block. */
    public ArtifactName block(int block) {
        if (!recipe.walksCompressed()) {
            return block(block, recipe.needsCalibration() ? originalStream(block) : "");
        }
        // Block and stream alternate along the chain; a loop, for a model of any depth.
        String stream = originalStream(0);
        for (int earlier = 0; earlier < block; earlier++) {
            stream = sequentialStream(block(earlier, stream), earlier + 1);
        }
        return block(block, stream);
    }

    /** The states of one tile as they enter a block. */
    public ArtifactName stream(int block, int tile) {
        return tileOf(boundary(block), block, tile);
    }

    /** The states of one tile of the original model as they enter a block, whatever the propagation. */
    public ArtifactName originalStream(int block, int tile) {
        return tileOf(originalStream(block), block, tile);
    }

    /** The states of tiles 0 to tiles - 1 as they enter a block. */
    public List<ArtifactName> streams(int block, int tiles) {
        String boundary = boundary(block);
        return IntStream.range(0, tiles)
                .mapToObj(tile -> tileOf(boundary, block, tile))
                .toList();
    }

    /**
     * What workers who share a block hand on of it, all by work unit: H summed over each run of tiles, and the
     * compressed linears.
     *
     * @param units of a block
     */
    public SharedNames shared(int block, int units) {
        // The stream that enters the first block is the same with and without rounded activations, its sums are not.
        String sums = key(activations(Activations.areCalibrated(recipe.activations()))
                .with("schema", STATISTICS_SCHEMA)
                .with("model", modelDigest)
                .with("inputs", boundary(block))
                .with("block", block)
                .with("sumRuns", SUM_RUNS)
                .with("profile", profile));
        String whole = block(block).inputKey();
        List<ArtifactName> parts = IntStream.range(0, units)
                .mapToObj(unit -> new ArtifactName(
                        Kind.PART,
                        block,
                        key(JsonObject.EMPTY
                                .with("schema", PART_SCHEMA)
                                .with("of", whole)
                                .with("unit", unit))))
                .toList();
        List<List<ArtifactName>> statistics = IntStream.range(0, SUM_RUNS)
                .mapToObj(run -> IntStream.range(0, units)
                        .mapToObj(unit -> statistics(sums, block, run, unit))
                        .toList())
                .toList();
        return new SharedNames(statistics, parts);
    }

    private static ArtifactName statistics(String sums, int block, int run, int unit) {
        String key = key(JsonObject.EMPTY
                .with("schema", STATISTICS_SCHEMA)
                .with("of", sums)
                .with("run", run)
                .with("unit", unit));
        return new ArtifactName(Kind.STATISTICS, block, key);
    }

    /** The artifacts of all blocks, in order. */
    public List<ArtifactName> blocks(int blocks) {
        return IntStream.range(0, blocks).mapToObj(this::block).toList();
    }

    /**
     * The input key of the token figures of one shard: windows [first, end) of an evaluation text, through all blocks.
     *
     * @param blocks of the recipe, in order
     * @param evaluation key of the text's windows
     */
    public String figures(List<ArtifactName> blocks, String evaluation, int first, int end) {
        StringBuilder parts = new StringBuilder(FIGURES_SCHEMA);
        if (recipe.activations() != null) {
            parts.append('\n').append(key(activations(true)));
        }
        for (ArtifactName block : blocks) {
            parts.append('\n').append(block.inputKey());
        }
        parts.append('\n').append(evaluation);
        parts.append('\n').append(first).append(' ').append(end);
        return Digests.sha256(parts.toString());
    }

    /** What the recipe says of activations, where that decides what is named. */
    private JsonObject activations(boolean decide) {
        return decide && recipe.activations() != null
                ? JsonObject.EMPTY.with("activations", RecordCodec.write(recipe.activations()))
                : JsonObject.EMPTY;
    }

    /**
     * The same of a finished result, which was not made from artifacts.
     *
     * @param model digest of the original
     * @param result digest of the result
     * @param recipe that the result says it was made by; null where it says none
     * @param profile numeric profile of the job's workers
     */
    public static String figures(
            String model,
            String result,
            @Nullable Recipe recipe,
            String profile,
            String evaluation,
            int first,
            int end) {
        JsonObject decisive = JsonObject.EMPTY;
        if (recipe != null && recipe.transform() != null) {
            decisive = decisive.with("transform", RecordCodec.write(recipe.transform()));
        }
        if (recipe != null && recipe.activations() != null) {
            decisive = decisive.with("activations", RecordCodec.write(recipe.activations()));
        }
        return key(decisive.with("schema", RESULT_FIGURES_SCHEMA)
                .with("model", model)
                .with("result", result)
                .with("evaluation", evaluation)
                .with("first", first)
                .with("end", end)
                .with("profile", profile));
    }

    private String boundary(int block) {
        boolean original = recipe.propagation() == Propagation.INDEPENDENT || block == 0;
        return original ? originalStream(block) : sequentialStream(block(block - 1), block);
    }

    private ArtifactName block(int block, String inputs) {
        JsonObject parts = recipe.walksCompressed() ? JsonObject.EMPTY.with("sumRuns", SUM_RUNS) : JsonObject.EMPTY;
        if (recipe.mask() != null) {
            parts = parts.with("fit", MASK_FIT);
        }
        String key = key(parts.with(recipe.decisive())
                .with("schema", BLOCK_SCHEMA)
                .with("model", modelDigest)
                .with("block", block)
                .with("inputs", inputs)
                .with("profile", profile));
        return new ArtifactName(Kind.BLOCK, block, key);
    }

    /** All tiles at a boundary, what a block is made from. */
    String originalStream(int block) {
        // A transformed model has hidden states of its own.
        JsonValue transform = recipe.decisive().get("transform");
        JsonObject before = transform == null ? JsonObject.EMPTY : JsonObject.EMPTY.with("transform", transform);
        return key(before.with("schema", STREAM_SCHEMA)
                .with("model", modelDigest)
                .with("calibration", calibrationDigest)
                .with("windowsPerTile", windowsPerTile)
                .with("block", block)
                .with("profile", profile));
    }

    private static String sequentialStream(ArtifactName before, int block) {
        return key(JsonObject.EMPTY
                .with("schema", STREAM_SCHEMA)
                .with("from", before.inputKey())
                .with("block", block));
    }

    private static ArtifactName tileOf(String boundary, int block, int tile) {
        String key = key(JsonObject.EMPTY
                .with("schema", STREAM_SCHEMA)
                .with("of", boundary)
                .with("tile", tile));
        return new ArtifactName(Kind.STREAM, block, key);
    }

    static String key(JsonObject parts) {
        return Digests.sha256(Json.canonical(parts));
    }
}
