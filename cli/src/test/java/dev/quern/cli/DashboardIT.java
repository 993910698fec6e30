package dev.quern.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.api.Browser;
import dev.quern.recipes.json.JsonObject;
import dev.quern.recipes.json.JsonString;
import org.junit.jupiter.api.Test;

/** The dashboard of the whole stack in a real browser, while a worker compresses. The pages themselves are tested in api. */
class DashboardIT {
    private static final int CELLS = 4 * 7;
    private static final String DONE = "document.querySelectorAll('#board td[class^=h]').length";

    @Test
    void theBoardGainsCellsWhileTheJobRuns() throws Exception {
        try (TestStack stack = TestStack.start(1);
                Browser browser = Browser.open(1280, true)) {
            browser.driver().get(stack.lease().link());
            Cli submitted = Cli.run(
                    "compress",
                    Cli.TINY.toString(),
                    "--data",
                    stack.data().toString(),
                    "--samples",
                    "64",
                    "--seq-len",
                    "512",
                    "--eval-windows",
                    "4",
                    "--detach",
                    "--output",
                    "json");
            assertThat(submitted.code()).as(submitted.err()).isZero();
            String id = ((JsonString) ((JsonObject) submitted.json()).get("id")).value();

            browser.driver().get(stack.lease().stack().url() + "/jobs/" + id);
            browser.script("window.sameDocument = true");
            assertThat((Long) browser.script("return " + DONE)).isLessThan(CELLS);
            browser.await("some cells are coloured while the job runs", """
                    const done = %s;
                    return done > 0 && done < %d && document.getElementById('badge').textContent === 'running'
                    """.formatted(DONE, CELLS));
            browser.screenshot("stack-running");
            browser.await("all cells are coloured", "return %s === %d".formatted(DONE, CELLS));
            browser.await(
                    "the verdict is shown", "return document.getElementById('badge').textContent === 'completed'");
            browser.screenshot("stack-completed");

            assertThat(browser.script("return window.sameDocument"))
                    .as("no reload")
                    .isEqualTo(true);
            assertThat(browser.complaints()).as("console").isEmpty();
        }
    }
}
