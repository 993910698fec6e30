package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.recipes.job.JobState;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Browser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The page of a real job, in a real browser, on the whole stack. Screenshots in target/screenshots are for the eye. */
@Timeout(600)
class LivePageIT {
    private static final Duration JOB = Duration.ofMinutes(4);

    /** Writes down on the page itself how many cells are coloured in which state: a reload would lose it. */
    private static final String WATCH = """
            window.seen = [];
            const look = () => {
              const now = {
                state: document.getElementById('badge').textContent,
                cells: document.querySelectorAll('#board td[class^=h]').length,
              };
              const last = window.seen.at(-1);
              if (last?.state !== now.state || last.cells !== now.cells) window.seen.push(now);
            };
            look();
            new MutationObserver(look).observe(document.body, {subtree: true, childList: true, attributes: true});
            """;

    private static TestStack stack;

    @BeforeAll
    static void start() throws IOException, InterruptedException {
        stack = TestStack.start(1);
    }

    @AfterAll
    static void stop() throws IOException {
        stack.close();
    }

    /**
     * The job is paused until somebody watches, and stands still twice, so that no machine is too fast for the browser.
     */
    @Test
    void theBoardOfARealJobFillsInWhileItRuns() throws IOException {
        String id = stack.submit(256, 512).id();
        Cli paused = stack.jobs("pause", id);
        assertThat(paused.code()).as(paused.err()).isZero();
        stack.await(id, job -> job.state() == JobState.PAUSED);
        try (Browser browser = Browser.open(1280, false)) {
            browser.driver().get(stack.lease().link());
            browser.await("the jobs are shown", "return document.querySelector('#jobs') !== null");
            browser.driver().get(stack.lease().stack().url() + "/jobs/" + id);
            browser.await("the stream is open", "return document.querySelector('#lamp.on') !== null");
            awaitBadge(browser, "paused");
            photograph(browser, "stack-paused");

            browser.script(WATCH);
            try (Hold early = Hold.at("block.before")) {
                Cli resumed = stack.jobs("resume", id);
                assertThat(resumed.code()).as(resumed.err()).isZero();
                early.await();
                awaitGrowth(browser, 0);
            }
            // The second from here; not waited for, as blocks that were made before the pause are not made again.
            try (Hold late = Hold.at(Hold.AT_SECOND_BLOCK)) {
                awaitGrowth(browser, 1);
                photograph(browser, "stack-running");
            }

            awaitBadge(browser, "completed");
            browser.await("the stream is over", "return document.getElementById('lamp').textContent === 'final'");
            checkCompleted(browser, stack.show(id));
            photograph(browser, "stack-completed");
            browser.emulate(390, true);
            photograph(browser, "stack-completed-390-dark");
            assertThat(browser.complaints()).as("console").isEmpty();
        }
    }

    private static void checkCompleted(Browser browser, JobView job) {
        List<Map<String, Object>> seen = seen(browser);
        assertThat(job.state()).as("%s", job.remarks().failure()).isEqualTo(JobState.COMPLETED);
        assertThat(seen)
                .as("cells, without a reload")
                .extracting(now -> ((Number) now.get("cells")).intValue())
                .isSorted()
                .endsWith(job.progress().linears());
        assertThat(browser.script("return document.querySelectorAll('#verdict .cards tbody tr').length"))
                .as("rows of the quality table")
                .isEqualTo(1L);
        assertThat(
                        (String)
                                browser.script(
                                        "return document.querySelector('#verdict [data-label=\"perplexity, compressed\"]').textContent"))
                .matches("\\d+\\.\\d{3}");
    }

    @SuppressWarnings("unchecked")
    private static List<Map<String, Object>> seen(Browser browser) {
        return (List<Map<String, Object>>) browser.script("return window.seen");
    }

    private static void awaitGrowth(Browser browser, int times) {
        browser.await(
                JOB,
                "cells are added while the job runs",
                "return window.seen.filter((now) => now.state === 'running' && now.cells > 0).length > " + times);
    }

    private static void awaitBadge(Browser browser, String state) {
        browser.await(
                JOB, "the job is " + state, "return document.getElementById('badge')?.textContent === '" + state + "'");
    }

    private static void photograph(Browser browser, String picture) {
        browser.settle();
        browser.screenshot(picture);
        assertThat(browser.flaws()).isEmpty();
    }
}
