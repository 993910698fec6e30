package dev.quern.engine.statistics;

import dev.quern.engine.backend.ComputeBackend;
import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.forward.LinearInputs;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.model.WorkUnit;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/** H = Σ x xᵀ of some work units, summed tile by tile in order. Inputs of other units pass by unseen. */
public final class UnitStatistics implements LinearInputs, AutoCloseable {
    private final ComputeBackend backend;
    private final Scope scope;
    private final Map<WorkUnit, Sum> sums = new HashMap<>();

    private static final class Sum {
        final Tensor gram;
        long tokens;

        Sum(Tensor gram) {
            this.gram = gram;
        }
    }

    public UnitStatistics(ComputeBackend backend, List<WorkUnit> units) {
        this.backend = backend;
        this.scope = backend.memory().scope();
        for (WorkUnit unit : units) {
            sums.put(unit, new Sum(scope.allocate(DType.F64, unit.cols(), unit.cols())));
        }
    }

    @Override
    public void record(WorkUnit unit, Tensor input) {
        Sum sum = sums.get(unit);
        if (sum != null) {
            backend.linearAlgebra().addGram(input, sum.gram);
            sum.tokens += input.rows();
        }
    }

    /** {@code this += part}, for the same units. */
    public void add(UnitStatistics part) {
        sums.forEach((unit, sum) -> {
            Statistics.Inputs added = part.of(unit);
            backend.elementwise().add(sum.gram, added.gram(), sum.gram);
            sum.tokens += added.tokens();
        });
    }

    /** Valid until closed. */
    public Statistics.Inputs of(WorkUnit unit) {
        Sum sum = Objects.requireNonNull(sums.get(unit), unit.input());
        return new Statistics.Inputs(sum.gram, sum.tokens);
    }

    @Override
    public void close() {
        scope.close();
    }
}
