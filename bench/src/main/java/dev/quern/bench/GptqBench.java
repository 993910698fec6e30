package dev.quern.bench;

import dev.quern.engine.backend.DType;
import dev.quern.engine.backend.Precision;
import dev.quern.engine.backend.Scope;
import dev.quern.engine.backend.Tensor;
import dev.quern.engine.backend.host.HostTensor;
import dev.quern.engine.method.Statistics;
import dev.quern.engine.method.gptq.DampedFactor;
import dev.quern.openblas.OpenBlasBackend;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;
import java.util.Objects;
import java.util.SplittableRandom;

/**
 * GPTQ of one linear against the published loop in PyTorch, on the same files within one run. Both fit scales lazily in
 * natural order, so both must reach the same loss tr(E H Eᵀ); the product's own grid is timed beside it.
 *
 * <p>Arguments: a folder for the matrices, the Python interpreter, the published loop, threads.
 */
public final class GptqBench {
    private static final int COLS = 4096;
    private static final int TOKENS = 8192;
    private static final int RANK = 256;

    private final Path folder;
    private final String python;
    private final String textbook;
    private final String threads;

    private GptqBench(String[] args) throws IOException {
        folder = Files.createDirectories(Path.of(args[0]));
        python = args[1];
        textbook = args[2];
        threads = args[3];
    }

    public static void main(String[] args) throws IOException, InterruptedException {
        new GptqBench(args).run();
    }

    private void run() throws IOException, InterruptedException {
        try (OpenBlasBackend backend = new OpenBlasBackend(Integer.parseInt(threads));
                Scope scope = backend.memory().scope()) {
            print("%s%n", backend.description());
            print("| shape | who | factor s | sweep s | both s | loss |");
            print("| --- | --- | --- | --- | --- | --- |");
            Statistics.Inputs statistics = statistics(backend, scope);
            for (int rows : new int[] {4096, 1024}) {
                compare(backend, rows, statistics);
            }
        }
    }

    private void compare(OpenBlasBackend backend, int rows, Statistics.Inputs statistics)
            throws IOException, InterruptedException {
        try (Scope scope = backend.memory().scope();
                Arena arena = Arena.ofShared()) {
            Path file = folder.resolve("w%d.npy".formatted(rows));
            NpyFile.write(file, gaussian(scope, rows, COLS, rows, 0.02));
            JsonObject theirs = textbook(file);
            double theirFactor = number(theirs, "factor_s");
            double theirSweep = number(theirs, "sweep_s");
            double theirLoss = number(theirs, "loss");

            GptqCase ours = new GptqCase(backend, NpyFile.read(file, arena, rows, COLS), statistics);
            GptqCase.Timed<DampedFactor> factor = ours.factor(scope);
            GptqCase.Timed<Double> sweep = ours.sweep(scope, factor.result());
            GptqCase.Timed<LinearFigures> product = ours.product();
            double both = factor.seconds() + sweep.seconds();
            double theirBoth = theirFactor + theirSweep;
            String format = "| %s | %s | %.3f | %.3f | %.3f | %s |";
            String shape = rows + "x" + COLS;
            print(format, shape, "PyTorch", theirFactor, theirSweep, theirBoth, "%.8g".formatted(theirLoss));
            print(format, shape, "Quern", factor.seconds(), sweep.seconds(), both, "%.8g".formatted(sweep.result()));
            String difference = "%+.1e".formatted(sweep.result() / theirLoss - 1);
            double factorRatio = theirFactor / factor.seconds();
            print(format, shape, "ratio", factorRatio, theirSweep / sweep.seconds(), theirBoth / both, difference);
            print(
                    "| %s | Quern, gptq-w4a16 with its figures | | | %.3f | relative %.3g, nearest %.3g |",
                    shape,
                    product.seconds(),
                    product.result().relativeError(),
                    product.result().relativeErrorNearest());
        }
    }

    /**
     * Statistics of inputs with a few strong directions and channels of different size, in float32, for both programs.
     */
    private Statistics.Inputs statistics(OpenBlasBackend backend, Scope scope) throws IOException {
        Tensor h = scope.allocate(DType.F64, COLS, COLS);
        try (Scope local = backend.memory().scope()) {
            Tensor x = gaussian(local, TOKENS, COLS, 1, 0.5);
            Tensor source = gaussian(local, TOKENS, RANK, 2, 1);
            Tensor mix = gaussian(local, RANK, COLS, 3, 1 / 16.0);
            backend.linearAlgebra().gemm(Precision.F32, 1, source, false, mix, false, 1, x);
            SplittableRandom random = new SplittableRandom(4);
            for (int j = 0; j < COLS; j++) {
                backend.elementwise().scale(Math.exp(0.7 * random.nextGaussian()), x.cols(j, j + 1));
            }
            backend.linearAlgebra().addGram(x, h);
            Tensor single = local.allocate(DType.F32, COLS, COLS);
            backend.memory().copy(h, single);
            backend.memory().copy(single, h);
            NpyFile.write(folder.resolve("h.npy"), single);
        }
        return new Statistics.Inputs(h, TOKENS);
    }

    private static Tensor gaussian(Scope scope, int rows, int cols, long seed, double size) {
        SplittableRandom random = new SplittableRandom(seed);
        HostTensor values = HostTensor.of(scope.allocate(DType.F32, rows, cols));
        for (int r = 0; r < rows; r++) {
            for (int c = 0; c < cols; c++) {
                values.set(r, c, size * random.nextGaussian());
            }
        }
        return values;
    }

    private JsonObject textbook(Path weight) throws IOException, InterruptedException {
        String h = folder.resolve("h.npy").toString();
        Process process = new ProcessBuilder(python, textbook, weight.toString(), h, "--threads", threads)
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String line = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        if (process.waitFor() != 0) {
            throw new IOException(textbook + ": exit code " + process.exitValue() + " (expected: 0)");
        }
        return (JsonObject) Json.parse(line);
    }

    private static double number(JsonObject object, String name) {
        JsonNumber number = (JsonNumber) Objects.requireNonNull(object.get(name), name);
        return Double.parseDouble(number.text());
    }

    private static void print(String format, Object... values) {
        System.out.printf(Locale.ROOT, format + "%n", values);
    }
}
