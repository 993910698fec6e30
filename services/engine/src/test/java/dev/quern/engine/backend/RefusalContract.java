package dev.quern.engine.backend;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.quern.engine.backend.Rounding.Descent;
import dev.quern.engine.backend.Rounding.Fitting;
import dev.quern.engine.backend.Rounding.Grid;
import dev.quern.engine.backend.Rounding.GridOptions;
import dev.quern.engine.backend.Rounding.Outer;
import dev.quern.engine.backend.Rounding.Panel;
import dev.quern.engine.backend.Rounding.Supported;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Every primitive refuses arguments that do not go together, with the same message on every backend. */
public abstract class RefusalContract extends BackendContract {
    private static final GridOptions GRID = new GridOptions(4, 2, true, false, null);
    /** They take any tensor. */
    private static final Set<String> WITHOUT_A_CHECK = Set.of("scale", "mean", "maxAbs", "allFinite");

    /** @param call of a primitive, with arguments of which one is wrong */
    private record Refusal(String primitive, String message, Runnable call) {}

    @Test
    void aWrongArgumentIsNamedWithWhatWasExpected() {
        refusals()
                .forEach(refusal -> assertThatThrownBy(refusal.call()::run)
                        .as(refusal.primitive())
                        .isInstanceOf(IllegalArgumentException.class)
                        .hasMessage(refusal.message()));
    }

    @Test
    void noPrimitiveGoesWithoutARefusal() {
        Set<String> primitives = Stream.of(
                        Memory.class,
                        LinearAlgebra.class,
                        Elementwise.class,
                        Transformer.class,
                        Gradients.class,
                        Rounding.class)
                .flatMap(type -> Arrays.stream(type.getDeclaredMethods()))
                .filter(RefusalContract::takesATensor)
                .map(Method::getName)
                .filter(name -> !WITHOUT_A_CHECK.contains(name))
                .collect(Collectors.toSet());
        assertThat(refusals().map(Refusal::primitive).collect(Collectors.toSet()))
                .isEqualTo(primitives);
    }

    private static boolean takesATensor(Method method) {
        return List.of(method.getParameterTypes()).contains(Tensor.class);
    }

    private Stream<Refusal> refusals() {
        return Stream.of(
                        copies(),
                        orders(),
                        elements(),
                        products(),
                        steps(),
                        comparisons(),
                        backwards(),
                        labels(),
                        grids(),
                        panels(),
                        supports())
                .flatMap(List::stream);
    }

    private Tensor floats(int rows, int cols) {
        return parity.zeros(DType.F32, rows, cols).subject();
    }

    private Tensor doubles(int rows, int cols) {
        return parity.zeros(DType.F64, rows, cols).subject();
    }

    private Tensor bytes(int rows, int cols) {
        return parity.zeros(DType.U8, rows, cols).subject();
    }

    private Tensor ints(int... values) {
        return parity.ints(values).subject();
    }

    private List<Refusal> copies() {
        Memory memory = backend.memory();
        return List.of(
                new Refusal("value", "source: F32 (expected: [F64])", () -> memory.value(floats(1, 1))),
                new Refusal("copy", "target: [3, 2] (expected: [2, 3])", () -> memory.copy(floats(2, 3), floats(3, 2))),
                new Refusal("copy", "source: F32 (expected: [U8])", () -> memory.copy(floats(2, 3), bytes(2, 3))),
                new Refusal(
                        "download",
                        "source bytes: 20 (expected: >= 24)",
                        () -> memory.download(floats(2, 3), MemorySegment.ofArray(new byte[20]))));
    }

    private List<Refusal> orders() {
        Memory memory = backend.memory();
        return List.of(
                new Refusal(
                        "gatherColumns",
                        "columns: F32 (expected: [I32])",
                        () -> memory.gatherColumns(floats(2, 3), floats(1, 2), floats(2, 2))),
                new Refusal(
                        "gatherColumns",
                        "target: [2, 3] (expected: [2, 2])",
                        () -> memory.gatherColumns(floats(2, 3), ints(2, 0), floats(2, 3))),
                new Refusal(
                        "scatterColumns",
                        "columns: [1, 2] (expected: [1, 3])",
                        () -> memory.scatterColumns(floats(2, 3), ints(2, 0), floats(2, 3))),
                new Refusal(
                        "gatherRows",
                        "target: [2, 3] (expected: [1, 3])",
                        () -> memory.gatherRows(floats(2, 3), ints(1), floats(2, 3))),
                new Refusal(
                        "permute",
                        "source: [2, 3] (expected: [2, 2])",
                        () -> memory.permute(floats(2, 3), ints(2, 0, 1), floats(2, 3))),
                new Refusal(
                        "permute",
                        "target: F64 (expected: [F32])",
                        () -> memory.permute(floats(2, 2), ints(1, 0), doubles(2, 2))),
                new Refusal(
                        "argsortDescending",
                        "values: [2, 3] (expected: [1, 3])",
                        () -> memory.argsortDescending(floats(2, 3), ints(0, 1, 2))));
    }

    private List<Refusal> elements() {
        Elementwise elementwise = backend.elementwise();
        return List.of(
                new Refusal(
                        "add",
                        "b: [3, 2] (expected: [2, 3])",
                        () -> elementwise.add(floats(2, 3), floats(3, 2), floats(2, 3))),
                new Refusal(
                        "addRow",
                        "row: [2, 3] (expected: [1, 3])",
                        () -> elementwise.addRow(floats(2, 3), floats(2, 3))),
                new Refusal(
                        "multiplyRow",
                        "row: [1, 2] (expected: [1, 3])",
                        () -> elementwise.multiplyRow(floats(1, 2), floats(2, 3))),
                new Refusal(
                        "addDiagonal",
                        "target: [2, 3] (expected: [2, 2])",
                        () -> elementwise.addDiagonal(1, floats(2, 3))),
                new Refusal(
                        "diagonal",
                        "target: [1, 3] (expected: [1, 2])",
                        () -> elementwise.diagonal(floats(2, 2), floats(1, 3))),
                new Refusal(
                        "addDot",
                        "sum: F32 (expected: [F64])",
                        () -> elementwise.addDot(floats(2, 3), floats(2, 3), floats(1, 1))),
                new Refusal(
                        "meanRatio",
                        "b: [3, 2] (expected: [2, 3])",
                        () -> elementwise.meanRatio(floats(2, 3), floats(3, 2))),
                new Refusal(
                        "keep", "mask: [3, 2] (expected: [2, 3])", () -> elementwise.keep(bytes(3, 2), floats(2, 3))),
                new Refusal(
                        "columnMaxAbs",
                        "target: [1, 2] (expected: [1, 3])",
                        () -> elementwise.columnMaxAbs(floats(2, 3), doubles(1, 2))));
    }

    private List<Refusal> products() {
        LinearAlgebra algebra = backend.linearAlgebra();
        return List.of(
                new Refusal(
                        "gemm",
                        "inner dimension of b: 3 (expected: 4)",
                        () -> algebra.gemm(
                                Precision.F32, 1, floats(3, 4), false, floats(3, 4), false, 0, floats(3, 4))),
                new Refusal(
                        "gemm",
                        "c: F64 (expected: [F32])",
                        () -> algebra.gemm(
                                Precision.F32, 1, floats(3, 4), false, floats(3, 4), true, 0, doubles(3, 3))),
                new Refusal("addGram", "h: F32 (expected: [F64])", () -> algebra.addGram(floats(5, 3), floats(3, 3))),
                new Refusal(
                        "addGram", "h: [5, 5] (expected: [3, 3])", () -> algebra.addGram(floats(5, 3), doubles(5, 5))),
                new Refusal(
                        "addSymmetric",
                        "b: [5, 4] (expected: [5, 3])",
                        () -> algebra.addSymmetric(floats(5, 3), floats(5, 4), doubles(3, 3))),
                new Refusal(
                        "addSymmetric",
                        "h: F32 (expected: [F64])",
                        () -> algebra.addSymmetric(floats(5, 3), floats(5, 3), floats(3, 3))),
                new Refusal("factorUpper", "h: F32 (expected: [F64])", () -> algebra.factorUpper(floats(3, 3))),
                new Refusal("factorUpper", "h: [3, 2] (expected: [3, 3])", () -> algebra.factorUpper(doubles(3, 2))),
                new Refusal(
                        "invertFactored",
                        "target: F64 (expected: [F32])",
                        () -> algebra.invertFactored(floats(3, 3), doubles(1, 3), doubles(3, 3))),
                new Refusal(
                        "hadamard",
                        "columns of signs: 6 (expected: 1 times a power of two)",
                        () -> algebra.hadamard(floats(1, 6), floats(1, 1), floats(2, 6))),
                new Refusal(
                        "hadamard",
                        "columns of target: 6 (expected: a multiple of 4)",
                        () -> algebra.hadamard(floats(1, 4), floats(1, 1), floats(2, 6))));
    }

    private List<Refusal> steps() {
        Transformer transformer = backend.transformer();
        return List.of(
                new Refusal(
                        "embedding",
                        "target: [1, 3] (expected: [2, 3])",
                        () -> transformer.embedding(ints(0, 1), floats(4, 3), floats(1, 3))),
                new Refusal(
                        "embedding",
                        "token: 4 (expected: 0 to 3)",
                        () -> transformer.embedding(ints(0, 4), floats(4, 3), floats(2, 3))),
                new Refusal(
                        "rmsNorm",
                        "cols of x: 6 (expected: a multiple of 4)",
                        () -> transformer.rmsNorm(floats(2, 6), floats(1, 4), 1e-5, floats(2, 6))),
                new Refusal(
                        "fakeQuantize",
                        "cols of x: 6 (expected: a multiple of 4)",
                        () -> transformer.fakeQuantize(
                                floats(2, 6), new Transformer.TokenGrid(4, 4, true, 1), floats(2, 6))),
                new Refusal(
                        "rope",
                        "seqLen: 5 (expected: 1 to the positions of cos, 4)",
                        () -> transformer.rope(floats(5, 4), 5, 4, floats(4, 2), floats(4, 2))),
                new Refusal(
                        "attention",
                        "kvHeads: 3 (expected: a divisor of 2)",
                        () -> transformer.attention(
                                floats(4, 6), floats(4, 9), floats(4, 9), 2, 2, 3, 1, floats(4, 6))),
                new Refusal(
                        "siluGate",
                        "up: [2, 4] (expected: [2, 3])",
                        () -> transformer.siluGate(floats(2, 3), floats(2, 4), floats(2, 3))));
    }

    private List<Refusal> comparisons() {
        return List.of(
                new Refusal(
                        "divergence",
                        "top1: F32 (expected: [U8])",
                        () -> divergence(floats(2, 9), floats(2, 9), ints(0, 8), floats(1, 2))),
                new Refusal(
                        "divergence",
                        "compressed: [2, 8] (expected: [2, 9])",
                        () -> divergence(floats(2, 9), floats(2, 8), ints(0, 8), bytes(1, 2))),
                new Refusal(
                        "divergence",
                        "label: 9 (expected: -1 to 8)",
                        () -> divergence(floats(2, 9), floats(2, 9), ints(0, 9), bytes(1, 2))));
    }

    private void divergence(Tensor original, Tensor compressed, Tensor labels, Tensor top1) {
        backend.transformer().divergence(original, compressed, labels, floats(1, 2), floats(1, 2), floats(1, 2), top1);
    }

    private List<Refusal> backwards() {
        Gradients gradients = backend.gradients();
        Gradients.Attention attention = new Gradients.Attention(floats(4, 6), floats(4, 3), floats(4, 3), 2, 2, 1, 1);
        return List.of(
                new Refusal(
                        "rmsNormVjp",
                        "gradient: [2, 4] (expected: [2, 6])",
                        () -> gradients.rmsNormVjp(floats(2, 6), floats(1, 3), 1e-5, floats(2, 4), floats(2, 6))),
                new Refusal(
                        "attentionVjp",
                        "gradient: [4, 3] (expected: [4, 6])",
                        () -> gradients.attentionVjp(
                                attention, floats(4, 3), floats(4, 6), floats(4, 3), floats(4, 3))),
                new Refusal(
                        "attentionVjp",
                        "dk: [4, 6] (expected: [4, 3])",
                        () -> gradients.attentionVjp(
                                attention, floats(4, 6), floats(4, 6), floats(4, 6), floats(4, 3))),
                new Refusal(
                        "siluGateVjp",
                        "dUp: [3, 2] (expected: [2, 3])",
                        () -> gradients.siluGateVjp(
                                floats(2, 3), floats(2, 3), floats(2, 3), floats(2, 3), floats(3, 2))));
    }

    private List<Refusal> labels() {
        Gradients gradients = backend.gradients();
        return List.of(
                new Refusal(
                        "sampleLabels",
                        "labels: F32 (expected: [I32])",
                        () -> gradients.sampleLabels(floats(2, 9), 1, 0, floats(1, 2))),
                new Refusal(
                        "sampleLabels",
                        "firstToken: -1 (expected: >= 0)",
                        () -> gradients.sampleLabels(floats(2, 9), 1, -1, ints(0, 0))),
                new Refusal(
                        "logitGradient",
                        "label: 9 (expected: 0 to 8)",
                        () -> gradients.logitGradient(floats(2, 9), ints(0, 9), floats(2, 9))),
                new Refusal(
                        "logitGradient",
                        "target: [2, 8] (expected: [2, 9])",
                        () -> gradients.logitGradient(floats(2, 9), ints(0, 8), floats(2, 8))));
    }

    private List<Refusal> grids() {
        Rounding rounding = backend.rounding();
        return List.of(
                new Refusal(
                        "fitGrid",
                        "groupSize: 2 (expected: a divisor of 5)",
                        () -> rounding.fitGrid(floats(3, 5), GRID, floats(3, 2), bytes(3, 2))),
                new Refusal(
                        "fitGrid",
                        "zeros: F32 (expected: [U8])",
                        () -> rounding.fitGrid(floats(3, 4), GRID, floats(3, 2), floats(3, 2))),
                new Refusal(
                        "fitGrid",
                        "importance: [1, 3] (expected: [1, 4])",
                        () -> rounding.fitGrid(
                                floats(3, 4),
                                parity.zeros(DType.F64, 1, 3).subject(),
                                GRID,
                                floats(3, 2),
                                bytes(3, 2))),
                new Refusal(
                        "roundToNearest",
                        "codes: [4, 3] (expected: [3, 4])",
                        () -> rounding.roundToNearest(floats(3, 4), GRID, floats(3, 2), bytes(3, 2), bytes(4, 3))),
                new Refusal(
                        "refitScales",
                        "gradient: [3, 3] (expected: [3, 4])",
                        () -> rounding.refitScales(
                                new Rounding.Refit(floats(3, 4), floats(3, 4), floats(3, 3)), GRID, floats(3, 1))),
                new Refusal(
                        "splitFactor",
                        "pivots: F32 (expected: [F64])",
                        () -> rounding.splitFactor(doubles(4, 4), floats(4, 4), floats(1, 4))),
                new Refusal(
                        "decode",
                        "as: U8 (expected: a float type)",
                        () -> rounding.decode(bytes(3, 4), floats(3, 2), bytes(3, 2), 2, DType.U8, floats(3, 4))),
                new Refusal(
                        "decode",
                        "scales: [3, 1] (expected: [3, 2])",
                        () -> rounding.decode(bytes(3, 4), floats(3, 1), bytes(3, 1), 2, DType.F32, floats(3, 4))));
    }

    private List<Refusal> panels() {
        return List.of(
                new Refusal(
                        "groups",
                        "groups: [1, 2] (expected: [1, 3])",
                        () -> backend.rounding().groups(ints(0, 1, 2), 2, ints(0, 0))),
                new Refusal(
                        "gptqPanel",
                        "unit: [3, 3] (expected: [4, 4])",
                        () -> panel(floats(3, 3), ints(0, 0, 1, 1), floats(3, 4))),
                new Refusal(
                        "gptqPanel",
                        "groups: [1, 3] (expected: [1, 4])",
                        () -> panel(floats(4, 4), ints(0, 0, 1), floats(3, 4))),
                new Refusal(
                        "gptqPanel",
                        "errors: F64 (expected: [F32])",
                        () -> panel(floats(4, 4), ints(0, 0, 1, 1), doubles(3, 4))),
                new Refusal(
                        "twoSidedPanel",
                        "outer.unit: [4, 4] (expected: [3, 3])",
                        () -> twoSided(floats(4, 4), doubles(1, 3), null)),
                new Refusal(
                        "twoSidedPanel",
                        "outer.pivots: [1, 4] (expected: [1, 3])",
                        () -> twoSided(floats(3, 3), doubles(1, 4), null)),
                new Refusal(
                        "twoSidedPanel",
                        "fitting.columns: 3 (expected: a multiple of the group size, 2)",
                        () -> twoSided(floats(3, 3), doubles(1, 3), new Fitting(3, null))),
                new Refusal(
                        "twoSidedPanel",
                        "fitting.importance: [1, 3] (expected: [1, 4])",
                        () -> twoSided(floats(3, 3), doubles(1, 3), new Fitting(2, doubles(1, 3)))),
                new Refusal(
                        "compensate",
                        "target: [3, 3] (expected: [3, 4])",
                        () -> backend.rounding().compensate(floats(3, 4), floats(3, 4), floats(4, 4), floats(3, 3))));
    }

    private List<Refusal> supports() {
        Rounding rounding = backend.rounding();
        Descent descent = new Descent(bytes(3, 4), floats(3, 4), floats(3, 4), doubles(3, 1));
        return List.of(
                new Refusal(
                        "keepLargest",
                        "keep: 3 (expected: 0 to 2)",
                        () -> rounding.keepLargest(floats(3, 4), doubles(1, 4), 3, 2, bytes(3, 4))),
                new Refusal(
                        "keepLargest",
                        "segment: 3 (expected: a divisor of 4)",
                        () -> rounding.keepLargest(floats(3, 4), doubles(1, 4), 1, 3, bytes(3, 4))),
                new Refusal(
                        "descend",
                        "product: [3, 3] (expected: [3, 4])",
                        () -> rounding.descend(descent, floats(3, 3), doubles(1, 1))),
                new Refusal(
                        "roundOnSupport",
                        "h: F32 (expected: [F64])",
                        () -> rounding.roundOnSupport(
                                new Supported(floats(3, 4), bytes(3, 4), floats(4, 4), ints(0, 1, 2, 3)),
                                new Grid(GRID, floats(3, 2), bytes(3, 2)),
                                bytes(3, 4),
                                doubles(1, 1))),
                new Refusal(
                        "turn", "diagonal: [1, 3] (expected: [1, 4])", () -> rounding.turn(descent, doubles(1, 3))));
    }

    private void twoSided(Tensor unit, Tensor pivots, @Nullable Fitting fitting) {
        Panel panel = new Panel(floats(3, 4), floats(3, 4), floats(4, 4), doubles(1, 4), ints(0, 0, 1, 1));
        Grid grid = new Grid(GRID, floats(3, 2), bytes(3, 2));
        Outer outer = new Outer(unit, pivots);
        backend.rounding().twoSidedPanel(panel, outer, grid, fitting, bytes(3, 4), floats(3, 4), doubles(1, 1));
    }

    private void panel(Tensor unit, Tensor groups, Tensor errors) {
        Panel panel = new Panel(floats(3, 4), floats(3, 4), unit, doubles(1, 4), groups);
        Grid grid = new Grid(GRID, floats(3, 2), bytes(3, 2));
        backend.rounding().gptqPanel(panel, grid, bytes(3, 4), errors, doubles(1, 1));
    }
}
