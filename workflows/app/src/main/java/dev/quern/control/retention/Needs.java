package dev.quern.control.retention;

import dev.quern.artifacts.ArtifactStore.Entry;
import dev.quern.artifacts.Keys;
import dev.quern.artifacts.NoSuchObjectException;
import dev.quern.contract.plan.JobPlan;
import dev.quern.contract.plan.Shard;
import dev.quern.control.job.JobArtifacts;
import dev.quern.control.job.JobContexts;
import dev.quern.control.job.Shards;
import dev.quern.engine.artifact.ArtifactName.Lifetime;
import dev.quern.engine.text.TokenWindows;
import dev.quern.inputs.Plans;
import dev.quern.jobs.Job;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** What jobs may use of the store, as their plans say it. Confined to one thread. */
public final class Needs {
    private static final Set<Stage> BEFORE_ITS_PLAN = EnumSet.of(Stage.INSPECT, Stage.PLAN);

    private final JobContexts contexts;
    private final Map<Generation, Set<String>> known = new HashMap<>();

    /** @param goesOn whether intermediate artifacts are of use to it */
    private record Generation(UUID job, int number, boolean goesOn) {}

    Needs(JobContexts contexts) {
        this.contexts = contexts;
    }

    /** Whether the job has not written down yet what it needs. */
    static boolean undecided(Job job) {
        return !job.state().terminal()
                && (job.run().seq() == 0 || job.stage() == null || BEFORE_ITS_PLAN.contains(job.stage()));
    }

    /**
     * The keys of all artifacts, datasets and figures that a job may use. Read once: a job that has decided writes no
     * other plan.
     *
     * @param job not an undecided one
     * @throws QuernException when a plan cannot be read: written by another version
     */
    Set<String> of(Job job) throws IOException {
        Generation generation = generation(job);
        Set<String> keys = known.get(generation);
        if (keys == null) {
            keys = collect(job, generation.goesOn());
            known.put(generation, keys);
        }
        return keys;
    }

    private static Generation generation(Job job) {
        boolean mayGoOn = !job.state().terminal() || job.state() == JobState.FAILED;
        return new Generation(job.id(), job.run().generation(), mayGoOn);
    }

    void forgetAllBut(List<Job> jobs) {
        known.keySet().retainAll(jobs.stream().map(Needs::generation).collect(Collectors.toSet()));
    }

    private Set<String> collect(Job job, boolean goesOn) throws IOException {
        Keys tenant = Keys.of(job.tenant());
        Set<String> keys = new HashSet<>();
        for (Entry document : contexts.store().list(tenant.jobs(job.id().toString()) + "plan-")) {
            JobPlan plan = Plans.parse(contexts.read(document.key()));
            if (plan.texts().calibration() != null) {
                keys.add(plan.texts().calibration());
            }
            keys.addAll(plan.texts().evaluations());
            JobArtifacts artifacts = new JobArtifacts(contexts, tenant, plan);
            keys.addAll(artifacts.keys(Lifetime.RESULT));
            try {
                if (goesOn) {
                    keys.addAll(artifacts.keys(Lifetime.INTERMEDIATE));
                }
                keys.addAll(figures(contexts, tenant, plan));
            } catch (UncheckedIOException e) {
                if (!(e.getCause() instanceof NoSuchObjectException)) {
                    throw e;
                }
                // Its datasets are gone, and with them all use of what was made from them.
            }
        }
        return keys;
    }

    /** The keys of all figures that an evaluation by this plan may store. */
    public static Set<String> figures(JobContexts contexts, Keys tenant, JobPlan plan) {
        List<TokenWindows> evaluations =
                plan.texts().evaluations().stream().map(contexts::windows).toList();
        Set<String> keys = new HashSet<>();
        List<Function<Shard, String>> names = Plans.figures(plan);
        for (Shard shard : Shards.possible(evaluations)) {
            names.forEach(name -> keys.add(tenant.figures(name.apply(shard))));
        }
        return keys;
    }
}
