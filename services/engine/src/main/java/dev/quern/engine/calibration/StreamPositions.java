package dev.quern.engine.calibration;

import dev.quern.engine.artifact.ArtifactName;
import dev.quern.engine.artifact.StreamArtifact;
import dev.quern.engine.tiling.TileRun;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Optional;

/**
 * Stored streams, or the gradients by them: an artifact for each tile at a block's entry. A boundary serves a run of
 * tiles when it has all of them; whose walks made them does not matter.
 */
record StreamPositions(Names names, Commits commits) {
    /** How the artifacts are named. */
    @FunctionalInterface
    interface Names {
        ArtifactName of(int block, int tile);
    }

    /** Whether every tile of a run is there. */
    boolean has(int block, TileRun run) {
        for (int tile = run.first(); tile < run.end(); tile++) {
            if (!has(block, tile)) {
                return false;
            }
        }
        return true;
    }

    private boolean has(int block, int tile) {
        return commits.store().contains(names.of(block, tile));
    }

    /**
     * Loads the tiles of a stream.
     *
     * @return false when one of them is not there; the stream then holds anything
     * @throws dev.quern.engine.artifact.DamagedArtifactException naming a tile that is not what was stored
     */
    boolean restore(int block, TileStates stream) {
        for (int tile = stream.run().first(); tile < stream.run().end(); tile++) {
            ArtifactName name = names.of(block, tile);
            Optional<Path> file = commits.store().find(name);
            if (file.isEmpty()) {
                return false;
            }
            int tokens = stream.tiling().tokens(tile);
            StreamArtifact.read(file.get(), name, stream.tile(tile), tokens, stream.hidden());
        }
        return true;
    }

    /**
     * Makes the tiles of a stream durable.
     *
     * @return how many were not yet
     */
    int store(int block, TileStates stream, WalkListener listener) {
        int made = 0;
        for (int tile = stream.run().first(); tile < stream.run().end(); tile++) {
            boolean reused = has(block, tile) || !commit(block, tile, stream);
            made += reused ? 0 : 1;
            listener.streamDone(block, tile, reused);
        }
        return made;
    }

    private boolean commit(int block, int tile, TileStates stream) {
        ArtifactName name = names.of(block, tile);
        MemorySegment states = stream.tile(tile);
        int tokens = stream.tiling().tokens(tile);
        return commits.commit(name, file -> StreamArtifact.write(file, name, states, tokens, stream.hidden()));
    }
}
