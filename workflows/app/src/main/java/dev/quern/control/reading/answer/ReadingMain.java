package dev.quern.control.reading.answer;

import dev.quern.artifacts.ArtifactStore;
import dev.quern.artifacts.range.RangeCache;
import dev.quern.artifacts.stores.ArtifactStores;
import dev.quern.artifacts.stores.Buckets;
import dev.quern.control.reading.message.Question;
import dev.quern.control.reading.message.Setup;
import dev.quern.control.reading.message.Word;
import dev.quern.engine.natives.NativeLibraries;
import dev.quern.engine.tokenizer.Tokenizer;
import dev.quern.inputs.Sources;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.error.ErrorCode;
import dev.quern.recipes.error.QuernException;
import dev.quern.recipes.json.Json;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;

/**
 * A reading process: a {@link Setup} and then {@link Question}s come in, a line each; {@link Word}s go out. It ends
 * when its input does, whatever it is doing, so it does not outlive who asks.
 */
public final class ReadingMain {
    private static final long CACHE_BYTES = 1L << 30;

    private final BlockingQueue<String> lines = new LinkedBlockingQueue<>();
    private final PrintStream out;

    private ReadingMain(PrintStream out) {
        this.out = out;
    }

    public static void main(String[] arguments) throws IOException, InterruptedException {
        Thread.setDefaultUncaughtExceptionHandler((thread, error) -> {
            error.printStackTrace();
            Runtime.getRuntime().halt(1);
        });
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        // What libraries print must not get between the words.
        System.setOut(System.err);
        new ReadingMain(out).run();
    }

    private void run() throws IOException, InterruptedException {
        Thread.ofPlatform().daemon().name("input").start(this::listen);
        Setup setup = RecordCodec.read(Json.parse(lines.take()), Setup.class);
        Path scratch = Path.of(setup.scratch());
        ArtifactStore store = ArtifactStores.open(setup.store(), setup.s3());
        RangeCache cache = new RangeCache(scratch.resolve("ranges"), CACHE_BYTES);
        Answers answers = new Answers(new Sources(store, new Buckets(setup.s3()), cache), this::say);
        NativeLibraries.unpackInto(scratch);
        warmUp();
        while (true) {
            say(answer(answers, RecordCodec.read(Json.parse(lines.take()), Question.class)));
        }
    }

    /** While nobody waits for it. */
    private static void warmUp() {
        try {
            Tokenizer.load();
        } catch (QuernException e) {
            // It is tried again, and said, for the first source that needs it.
        }
    }

    private static Word answer(Answers answers, Question question) {
        try {
            return new Word.Answer(answers.to(question));
        } catch (QuernException e) {
            return new Word.Refusal(e.code(), String.valueOf(e.getMessage()));
        } catch (IOException | RuntimeException e) {
            e.printStackTrace();
            return new Word.Refusal(ErrorCode.INTERNAL, e.toString());
        }
    }

    private void say(Word word) {
        out.println(Json.write(RecordCodec.write(word)));
    }

    private void listen() {
        try (BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8))) {
            for (String line = in.readLine(); line != null; line = in.readLine()) {
                lines.add(line);
            }
        } catch (IOException e) {
            // As good as its end.
        } finally {
            Runtime.getRuntime().halt(0);
        }
    }
}
