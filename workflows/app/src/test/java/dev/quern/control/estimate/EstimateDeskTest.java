package dev.quern.control.estimate;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.control.ServiceHarness;
import dev.quern.control.reading.Readings;
import dev.quern.control.reading.message.Place;
import dev.quern.engine.backend.DeviceSpeed;
import dev.quern.engine.plan.Budget;
import dev.quern.engine.plan.Fanout;
import dev.quern.engine.plan.Workload;
import dev.quern.engine.run.Source;
import dev.quern.jobs.installation.EstimateRepository;
import dev.quern.recipes.Formats;
import dev.quern.recipes.JobRequest;
import dev.quern.recipes.Recipe;
import dev.quern.recipes.Recipes;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.OutputRecipes;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.Estimate;
import dev.quern.recipes.view.WorkerView;
import dev.quern.testing.TestPostgres;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.flywaydb.core.Flyway;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.jdbc.datasource.DriverManagerDataSource;

@Timeout(120)
class EstimateDeskTest {
    private static final List<Recipe> RECIPES =
            OutputRecipes.together(List.of(Recipes.find("gptq-w4a16"), Recipes.find("gptq-w3a16")));
    private static final Budget BUDGET = new Budget(4L << 30, 2, new DeviceSpeed(6e10, 1e9));
    private static final int WORKERS = 2;

    @TempDir
    static Path folder;

    private static TestPostgres postgres;
    private static EstimateRepository questions;
    private static Readings readings;

    @BeforeAll
    static void start() throws IOException {
        postgres = TestPostgres.start(folder.resolve("pg"), Path.of("target", "postgres-cache"));
        DriverManagerDataSource source =
                new DriverManagerDataSource(postgres.jdbcUrl(), postgres.user(), postgres.password());
        Flyway.configure()
                .dataSource(source)
                .locations("classpath:db/migration")
                .load()
                .migrate();
        questions = new EstimateRepository(JdbcClient.create(source));
        readings = new Readings(folder.resolve("store").toUri().toString(), Map.of(), folder.resolve("reading"));
    }

    @AfterAll
    static void stop() {
        readings.close();
        postgres.close();
    }

    @Test
    void answersWhatThePlannerSays() {
        EstimateRepository.Answer answer = ask(ServiceHarness.MODEL.toString(), BUDGET);

        Estimate expected;
        try (Source source = Source.open(ServiceHarness.MODEL)) {
            expected = source.estimate(
                    Workload.beforehand(
                            RECIPES,
                            List.of(),
                            source.architecture(),
                            JobRequest.Calibration.of(null, 64, 128),
                            List.of()),
                    BUDGET,
                    new Fanout(WORKERS, 2, 600));
        }
        assertThat(RecordCodec.read(Json.parse(String.valueOf(answer.estimate())), Estimate.class))
                .isEqualTo(expected);
        assertThat(expected.outputs())
                .extracting(Estimate.Output::recipe)
                .containsExactly("gptq-w4a16-independent", "gptq-w3a16-independent");
        assertThat(expected.secondsPerStage()).containsKeys("compress", "evaluate");
    }

    @Test
    void answersForTheFormatThatIsAskedFor() {
        JobRequest request = ServiceHarness.inFormat(request(ServiceHarness.MODEL.toString()), Formats.QUERN_SPARSE);
        List<Recipe> pruned = List.of(Recipes.find("obr-w4s50"));

        Estimate estimate = RecordCodec.read(
                Json.parse(String.valueOf(ask(request, pruned, BUDGET).estimate())), Estimate.class);

        assertThat(estimate.outputs())
                .singleElement()
                .satisfies(output -> assertThat(output.bitsPerWeight()).isLessThan(4));
    }

    /** Sizes come from the headers; a time would come from a number that nobody measured. */
    @Test
    void givesNoTimesWhereNoDeviceWasMeasured() {
        EstimateRepository.Answer answer = ask(ServiceHarness.MODEL.toString(), new Budget(4L << 30, 2, null));

        Estimate estimate = RecordCodec.read(Json.parse(String.valueOf(answer.estimate())), Estimate.class);
        assertThat(estimate.measured()).isFalse();
        assertThat(estimate.seconds()).isZero();
        assertThat(estimate.secondsPerStage()).isEmpty();
        assertThat(estimate.sizes().peakBytes()).isPositive();
        assertThat(estimate.work().segments()).isEqualTo(2);
    }

    @Test
    void refusesAsAJobWouldBeRefused() {
        assertThat(ask(folder.resolve("nothing").toString(), BUDGET))
                .returns("INVALID_CHECKPOINT", EstimateRepository.Answer::code)
                .returns(null, EstimateRepository.Answer::estimate);
        assertThat(ask(ServiceHarness.MODEL.toString(), new Budget(1 << 20, 1, null)))
                .returns("MEMORY_BUDGET", EstimateRepository.Answer::code);
    }

    /** Nothing is compressed: two models are read, and run over the text. */
    @Test
    void answersForAnEvaluation() {
        JobRequest.Result result = JobRequest.Result.of(JobRequest.Source.onServer("/results/that/is/not/read"));
        JobRequest request = ServiceHarness.evaluation(result, null, 4, null);
        EstimateRepository.Answer answer = ask(request, List.of(), BUDGET);
        EstimateRepository.Answer refused = ask(request, List.of(), new Budget(1 << 20, 1, null));

        Estimate estimate = RecordCodec.read(Json.parse(String.valueOf(answer.estimate())), Estimate.class);
        assertThat(estimate.outputs()).isEmpty();
        assertThat(estimate.work().segments()).isZero();
        assertThat(estimate.secondsPerStage()).containsOnlyKeys("inspect", "evaluate");
        assertThat(estimate.seconds()).isPositive();
        // In float32, of 4 windows of 128 tokens: hidden states of two models, 128 wide, and the inputs of a block's
        // linears at 9 tokens of each window, 128 wide for q, k and v, o, gate and up, and 384 wide for down.
        assertThat(estimate.sizes().scratchBytes())
                .isEqualTo((2L * 4 * 128 * 128 + 4 * 9 * (3 * 128 + 384)) * Float.BYTES);
        assertThat(refused.code()).isEqualTo("MEMORY_BUDGET");
    }

    private static EstimateRepository.Answer ask(String model, Budget budget) {
        return ask(request(model), RECIPES, budget);
    }

    private static EstimateRepository.Answer ask(JobRequest request, List<Recipe> recipes, Budget budget) {
        EstimateDesk desk = new EstimateDesk(
                questions,
                new Estimator(
                        (tenant, source) -> Place.folder(source.location()),
                        readings,
                        WORKERS,
                        workerClass -> device(budget),
                        budget,
                        600));
        UUID id = questions.ask("default", Json.write(RecordCodec.write(request)), Recipes.write(recipes));
        assertThat(desk.round()).as("a question was there").isTrue();
        assertThat(desk.round()).as("no other").isFalse();
        return questions.find(id).orElseThrow();
    }

    /** Empty where the budget is one that was not measured. */
    private static Optional<WorkerView.Device> device(Budget budget) {
        return Optional.ofNullable(budget.speed())
                .map(speed -> new WorkerView.Device(
                        "cpu",
                        "openblas",
                        "9f86",
                        budget.threads(),
                        budget.memory().deviceBytes(),
                        null,
                        speed.flopsPerSecond(),
                        speed.bytesPerSecond()));
    }

    private static JobRequest request(String model) {
        return new JobRequest(
                JobRequest.API_VERSION,
                JobRequest.Source.onServer(model),
                null,
                new JobRequest.RecipeChoice("gptq-w4a16", null),
                JobRequest.Calibration.of(null, 64, 128),
                List.of(),
                List.of(),
                null,
                new JobRequest.Naming(Map.of(), null),
                false,
                new JobRequest.Placement(null, 2),
                null);
    }
}
