package dev.quern.control.publish;

import dev.quern.contract.JobRef;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.PlanRef;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.JobContexts.JobContext;
import dev.quern.control.job.JobSources;
import dev.quern.control.job.ScratchFolders;
import dev.quern.engine.Cancellation;
import dev.quern.engine.artifact.BlockStore;
import dev.quern.engine.format.Assembled;
import dev.quern.engine.formats.OutputFormats;
import dev.quern.engine.run.Source;
import dev.quern.engine.run.StoredBlocks;
import dev.quern.engine.verify.OutputVerifier;
import dev.quern.engine.verify.Verification;
import dev.quern.inputs.Plans;
import dev.quern.inputs.TenantBlocks;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.process.FailPoint;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongConsumer;

/**
 * The outputs of a job in scratch, before they are published. Each step of each one is marked by a file when it is
 * done; one whose mark is missing, because the process died or another one took over, is done again.
 */
public record Outputs(JobContexts contexts, JobSources sources, ScratchFolders scratch) {
    /** Where the files lie. */
    Path folder(JobRef job, int output) {
        return scratch.of(job.id()).resolve("output-" + output);
    }

    private Path assembledMark(JobRef job, int output) {
        return scratch.of(job.id()).resolve("written-" + output + ".json");
    }

    private Path verifiedMark(JobRef job, int output) {
        return scratch.of(job.id()).resolve("verification-" + output + ".json");
    }

    public void assemble(JobRef job, PlanRef plan, LongConsumer bytes, Cancellation cancellation) throws IOException {
        for (int output = 0; output < contexts.plan(plan).recipes().size(); output++) {
            assembled(job, plan, output, bytes, cancellation);
        }
    }

    public void verify(JobRef job, PlanRef plan, LongConsumer bytes, Cancellation cancellation) throws IOException {
        for (int output = 0; output < contexts.plan(plan).recipes().size(); output++) {
            verified(job, plan, output, bytes, cancellation);
        }
    }

    Assembled assembled(JobRef job, PlanRef plan, int output, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        Path mark = assembledMark(job, output);
        if (!Files.exists(mark)) {
            write(mark, assemble(job, contexts.plan(plan), output, bytes, cancellation));
        }
        return RecordCodec.read(Json.parse(Files.readString(mark)), Assembled.class);
    }

    Verification verified(JobRef job, PlanRef plan, int output, LongConsumer bytes, Cancellation cancellation)
            throws IOException {
        Assembled assembled = assembled(job, plan, output, bytes, cancellation);
        Path mark = verifiedMark(job, output);
        if (!Files.exists(mark)) {
            write(mark, verify(job, contexts.plan(plan), output, assembled, bytes, cancellation));
        }
        return RecordCodec.read(Json.parse(Files.readString(mark)), Verification.class);
    }

    private Assembled assemble(JobRef ref, JobPlan plan, int output, LongConsumer bytes, Cancellation cancellation) {
        JobContext job = contexts.of(ref);
        Path folder = folder(ref, output);
        // What a dead assembly left has no mark and is no result.
        ScratchFolders.delete(folder);
        ScratchFolders.delete(verifiedMark(ref, output));
        try (Source source = sources.open(plan)) {
            return OutputFormats.of(job.format(output))
                    .write(blocks(job, plan, output, source).assembly(), folder, bytes, cancellation);
        }
    }

    private Verification verify(
            JobRef ref, JobPlan plan, int output, Assembled assembled, LongConsumer bytes, Cancellation cancellation) {
        JobContext job = contexts.of(ref);
        try (Source source = sources.open(plan)) {
            return OutputVerifier.verifyAssembled(
                    OutputFormats.of(job.format(output)),
                    folder(ref, output),
                    assembled,
                    blocks(job, plan, output, source).assembly(),
                    bytes,
                    cancellation);
        }
    }

    /** The compressed blocks of one output. */
    public StoredBlocks blocks(JobContext job, JobPlan plan, int output, Source source) {
        BlockStore store = new TenantBlocks(contexts.store(), job.keys(), scratch.of(job.id()));
        return new StoredBlocks(source, Plans.provenances(plan).get(output), store);
    }

    private static void write(Path mark, Record value) throws IOException {
        Path draft = mark.resolveSibling(mark.getFileName() + ".new");
        Files.writeString(draft, Json.write(RecordCodec.write(value)));
        FailPoint.pass("mark.before");
        Files.move(draft, mark);
        FailPoint.pass("mark.after");
    }
}
