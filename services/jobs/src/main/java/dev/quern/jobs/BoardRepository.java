package dev.quern.jobs;

import dev.quern.jobs.rows.Columns;
import dev.quern.recipes.LinearFigures;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.codec.Word;
import dev.quern.recipes.job.CellState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.json.JsonNumber;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import dev.quern.recipes.json.JsonValue;
import dev.quern.recipes.view.LinearView;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.springframework.jdbc.core.simple.JdbcClient;
import org.springframework.transaction.support.TransactionOperations;

/** The board of a job, cell by cell, and the progress of its compression. */
public final class BoardRepository {
    private static final String LAY_OUT = """
            INSERT INTO job_linear (job_id, block, linear, position)
            SELECT :job, block, name, position
              FROM unnest(:cellBlocks::int[], :names::text[], :positions::int[]) AS cell(block, name, position)
            ON CONFLICT (job_id, block, linear) DO NOTHING
            """;
    private static final String LAY_OUT_BLOCKS = """
            INSERT INTO job_block (job_id, block, segment)
            SELECT :job, block, (SELECT count(*) FROM unnest(:starts::int[]) AS start WHERE start > 0 AND start <= block)
              FROM generate_series(0, :blocks - 1) AS block
            ON CONFLICT (job_id, block) DO UPDATE SET segment = excluded.segment
            """;
    private static final String WALK =
            "SELECT block, segment, worker FROM job_block WHERE job_id = :job ORDER BY block";
    private static final String WORKER = """
            UPDATE job_block SET worker = :worker
             WHERE job_id = :job AND block = :block AND worker IS DISTINCT FROM :worker
            """;
    private static final String SIZE = "UPDATE job SET blocks = :blocks, linears = :linears WHERE id = :job";
    // A finished cell stays: a block that is made again after a crash gives the same figures.
    private static final String PUT = """
            INSERT INTO job_linear AS cell (job_id, block, linear, position, state, rows, cols, figures, seconds, done_at)
            VALUES (:job, :block, :linear, 0, :state, :rows::int, :cols::int, :figures::jsonb, :seconds::float8,
                   CASE WHEN :state = 'DONE' THEN now() END)
            ON CONFLICT (job_id, block, linear) DO UPDATE
               SET state = excluded.state, rows = excluded.rows, cols = excluded.cols, figures = excluded.figures,
                   seconds = excluded.seconds, done_at = excluded.done_at
             WHERE cell.state <> 'DONE' AND cell.state <> excluded.state
            """;
    private static final String CELLS = "SELECT * FROM job_linear WHERE job_id = :job ORDER BY block, position, linear";
    private static final String NAMES = """
            SELECT linear FROM job_linear WHERE job_id = :job
             GROUP BY linear ORDER BY min(position), linear
            """;
    private static final String BLOCKS = "SELECT blocks FROM job WHERE id = :job";
    private static final String PROGRESS = """
            UPDATE job
               SET block = :block, reused_blocks = greatest(reused_blocks, :reusedBlocks),
                   percent = greatest(percent, :percent), updated_at = now()
             WHERE id = :job AND stage = :stage AND state NOT IN ('COMPLETED', 'QUARANTINED', 'REJECTED', 'FAILED', 'CANCELLED')
               AND (block, reused_blocks, percent) IS DISTINCT FROM (:block, :reusedBlocks, :percent)
            """;
    private static final String REMAINING = """
            UPDATE job SET eta_seconds = :seconds::float8, updated_at = now()
             WHERE id = :job AND stage = :stage AND state = 'RUNNING' AND eta_seconds IS DISTINCT FROM :seconds::float8
            """;
    private static final String PLANNED = "UPDATE job SET planned_seconds = :seconds WHERE id = :job";
    private static final String FIND_PLANNED = "SELECT planned_seconds FROM job WHERE id = :job";

    private static final String REUSED =
            "UPDATE job SET reused_blocks = greatest(reused_blocks, :blocks) WHERE id = :job";

    private final JdbcClient db;
    private final TransactionOperations transactions;
    private final EventRepository events;

    public BoardRepository(JdbcClient db, TransactionOperations transactions) {
        this.db = db;
        this.transactions = transactions;
        this.events = new EventRepository(db);
    }

    /**
     * What the owner sees of the work.
     *
     * @param stage that the work belongs to; of another one than the job's, it changes nothing
     * @param percent of the whole job; a lower figure than before changes nothing
     */
    public record Progress(Stage stage, int block, int reusedBlocks, double percent) {}

    /** As {@link #layOut(UUID, List, List)}, for blocks that are alike, in one segment. */
    public void layOut(UUID job, int blocks, List<String> names) {
        layOut(job, Collections.nCopies(blocks, names), List.of(0));
    }

    /**
     * Makes an empty cell for every linear that is compressed; repeatable.
     *
     * @param linears by block, named inside it; blocks may differ, and what they have in common shares a column
     * @param starts the first block of each segment
     */
    public void layOut(UUID job, List<List<String>> linears, List<Integer> starts) {
        List<String> columns = linears.stream().flatMap(List::stream).distinct().toList();
        List<Integer> blocks = new ArrayList<>();
        List<String> names = new ArrayList<>();
        List<Integer> positions = new ArrayList<>();
        for (int block = 0; block < linears.size(); block++) {
            for (String name : linears.get(block)) {
                blocks.add(block);
                names.add(name);
                positions.add(columns.indexOf(name) + 1);
            }
        }
        transactions.executeWithoutResult(status -> {
            db.sql(LAY_OUT)
                    .param("job", job)
                    .param("cellBlocks", blocks.toArray(Integer[]::new))
                    .param("names", names.toArray(String[]::new))
                    .param("positions", positions.toArray(Integer[]::new))
                    .update();
            db.sql(LAY_OUT_BLOCKS)
                    .param("job", job)
                    .param("blocks", linears.size())
                    .param("starts", starts.toArray(Integer[]::new))
                    .update();
            db.sql(SIZE)
                    .param("job", job)
                    .param("blocks", linears.size())
                    .param("linears", names.size())
                    .update();
        });
    }

    /** Fills a cell, with an event the first time it is done; false when it was so already. */
    public boolean put(UUID job, LinearView cell) {
        return transactions.execute(status -> {
            boolean changed = db.sql(PUT).params(columns(job, cell)).update() == 1;
            if (changed && cell.state() == CellState.DONE) {
                events.append(job, "linear", event(cell));
            }
            return changed;
        });
    }

    /** Notes who has a block in work, or made it. */
    public void worker(UUID job, int block, String worker) {
        db.sql(WORKER)
                .param("job", job)
                .param("block", block)
                .param("worker", worker)
                .update();
    }

    public void progress(UUID job, Progress progress) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("job", job);
        columns.put("stage", progress.stage().name());
        columns.put("block", progress.block());
        columns.put("reusedBlocks", progress.reusedBlocks());
        columns.put("percent", progress.percent());
        db.sql(PROGRESS).params(columns).update();
    }

    /**
     * Shows how long a running job still takes.
     *
     * @param stage that the job is in; in another one nothing changes
     * @param seconds null while it is not known
     */
    public void remaining(UUID job, Stage stage, @Nullable Double seconds) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("job", job);
        columns.put("stage", stage.name());
        columns.put("seconds", seconds);
        db.sql(REMAINING).params(columns).update();
    }

    private record Planned(Map<String, Double> seconds) {}

    /** Notes what the plan predicts: seconds by lower-case stage. */
    public void planned(UUID job, Map<String, Double> seconds) {
        String text = Json.write(RecordCodec.write(new Planned(seconds)));
        db.sql(PLANNED).param("job", job).param("seconds", text).update();
    }

    /** What the plan predicts: seconds by lower-case stage; empty before the plan. */
    public Map<String, Double> planned(UUID job) {
        return db.sql(FIND_PLANNED)
                .param("job", job)
                .query((row, index) -> Optional.ofNullable(row.getString("planned_seconds")))
                .single()
                .map(text -> RecordCodec.read(Json.parse(text), Planned.class).seconds())
                .orElse(Map.of());
    }

    /** Notes how many blocks were there before the job made any; a lower figure changes nothing. */
    public void reused(UUID job, int blocks) {
        db.sql(REUSED).param("job", job).param("blocks", blocks).update();
    }

    public LinearView.Board find(UUID job) {
        int blocks =
                db.sql(BLOCKS).param("job", job).query(Integer.class).optional().orElse(0);
        List<String> names = db.sql(NAMES)
                .param("job", job)
                .query((row, index) -> row.getString("linear"))
                .list();
        return new LinearView.Board(
                blocks,
                names,
                db.sql(CELLS).param("job", job).query(BoardRepository::cell).list(),
                db.sql(WALK).param("job", job).query(BoardRepository::block).list());
    }

    private static JsonObject event(LinearView cell) {
        JsonObject data = JsonObject.EMPTY.with("block", cell.block()).with("linear", cell.linear());
        Double error = cell.relativeError();
        Double nearest = cell.relativeErrorNearest();
        data = error == null ? data : data.with("relativeError", figure(error));
        return nearest == null ? data : data.with("relativeErrorNearest", figure(nearest));
    }

    private static JsonValue figure(double value) {
        return Double.isFinite(value) ? JsonNumber.of(value) : new JsonString(Word.NOT_FINITE);
    }

    private static Map<String, Object> columns(UUID job, LinearView cell) {
        Map<String, Object> columns = new HashMap<>();
        columns.put("job", job);
        columns.put("block", cell.block());
        columns.put("linear", cell.linear());
        columns.put("state", cell.state().name());
        columns.put("rows", cell.rows());
        columns.put("cols", cell.cols());
        columns.put("figures", cell.figures() == null ? null : Json.write(RecordCodec.write(cell.figures())));
        columns.put("seconds", cell.seconds());
        return columns;
    }

    private static LinearView.Block block(ResultSet row, int index) throws SQLException {
        return new LinearView.Block(row.getInt("block"), row.getInt("segment"), row.getString("worker"));
    }

    private static LinearView cell(ResultSet row, int index) throws SQLException {
        return new LinearView(
                row.getInt("block"),
                row.getString("linear"),
                CellState.valueOf(row.getString("state")),
                Columns.nullableInt(row, "rows"),
                Columns.nullableInt(row, "cols"),
                figures(row.getString("figures")),
                Columns.nullableDouble(row, "seconds"));
    }

    private static @Nullable LinearFigures figures(@Nullable String json) {
        return json == null ? null : RecordCodec.read(Json.parse(json), LinearFigures.class);
    }
}
