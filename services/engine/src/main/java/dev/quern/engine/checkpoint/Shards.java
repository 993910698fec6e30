package dev.quern.engine.checkpoint;

import static dev.quern.engine.checkpoint.files.Refusal.damaged;

import dev.quern.engine.checkpoint.safetensors.SafetensorsFile;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.SortedSet;

/** Finds and opens the safetensors files of a folder. An index and the shards must agree in both directions. */
final class Shards {
    /** Five times as many as the largest models have. */
    private static final int MAX_TENSORS = 500_000;

    private Shards() {}

    static Map<String, SafetensorsFile> open(CheckpointFolder folder) {
        boolean single = folder.has(CheckpointFolder.SINGLE);
        if (!folder.has(ShardIndex.FILE)) {
            if (!single) {
                throw folder.shards().isEmpty()
                        ? folder.noWeights()
                        : damaged(
                                ShardIndex.FILE,
                                "missing (expected: beside " + folder.shards().getFirst() + ")");
            }
            refuseStale(folder, Collections.emptySortedSet());
            return Map.of(CheckpointFolder.SINGLE, SafetensorsFile.open(folder.files(), CheckpointFolder.SINGLE));
        }
        ShardIndex index = ShardIndex.read(folder.files());
        if (single && !index.files().contains(CheckpointFolder.SINGLE)) {
            throw damaged(
                    CheckpointFolder.SINGLE,
                    "stale beside " + ShardIndex.FILE + " (expected: one of them, loaders differ)");
        }
        refuseStale(folder, index.files());
        return open(folder, index);
    }

    /** Shards of another version of the model in the folder: nobody can tell which are meant. */
    private static void refuseStale(CheckpointFolder folder, SortedSet<String> named) {
        for (String shard : folder.shards()) {
            if (!named.contains(shard)) {
                throw damaged(shard, "stale: no index names it (expected: no shards but the model's)");
            }
        }
    }

    private static Map<String, SafetensorsFile> open(CheckpointFolder folder, ShardIndex index) {
        Map<String, SafetensorsFile> shards = new LinkedHashMap<>();
        int tensors = 0;
        for (String file : index.files()) {
            if (!folder.has(file)) {
                throw damaged(file, "missing shard (expected: as " + ShardIndex.FILE + " says)");
            }
            SafetensorsFile shard = SafetensorsFile.open(folder.files(), file);
            shards.put(file, shard);
            tensors += shard.entries().size();
            if (tensors > MAX_TENSORS) {
                throw damaged(file, "tensor " + tensors + " of all files (expected: at most " + MAX_TENSORS + ")");
            }
        }
        checkAgree(index, shards);
        return Collections.unmodifiableMap(shards);
    }

    private static void checkAgree(ShardIndex index, Map<String, SafetensorsFile> shards) {
        index.fileOf().forEach((tensor, file) -> {
            SafetensorsFile shard = shards.get(file);
            if (shard == null || !shard.entries().containsKey(tensor)) {
                throw damaged(file, tensor + ": missing (expected: in this shard, as " + ShardIndex.FILE + " says)");
            }
        });
        shards.forEach((file, shard) -> shard.entries().keySet().forEach(tensor -> {
            if (!file.equals(index.fileOf().get(tensor))) {
                throw damaged(
                        file,
                        tensor + ": not in the index (expected: every tensor once, as " + ShardIndex.FILE + " says)");
            }
        }));
    }
}
