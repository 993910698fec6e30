package dev.quern.api;

import static org.assertj.core.api.Assertions.assertThat;

import dev.quern.jobs.Step;
import dev.quern.jobs.access.Principal;
import dev.quern.jobs.access.Scope;
import dev.quern.recipes.codec.RecordCodec;
import dev.quern.recipes.job.JobState;
import dev.quern.recipes.job.Stage;
import dev.quern.recipes.json.Json;
import dev.quern.recipes.view.JobView;
import dev.quern.testing.Await;
import dev.quern.testing.Browser;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.openqa.selenium.Keys;
import org.openqa.selenium.WebElement;

/**
 * The pages in a real browser, at both sizes and in both schemes. Screenshots in target/screenshots are for the eye.
 */
class BrowserTest {
    private static final int BLOCKS = 28;
    private static final int MAX_TABS = 15;
    private static final String DONE_CELLS = "document.querySelectorAll('#board td[class^=h]').length";

    private final ApiServer server = ApiServer.shared();

    @ParameterizedTest(name = "{0} px, dark {1}")
    @CsvSource({"1280, false", "1280, true", "390, false", "390, true"})
    void theBoardFillsInWhileTheJobRuns(int width, boolean dark) throws IOException {
        String suffix = "-" + width + (dark ? "-dark" : "-light");
        SampleJob sample = new SampleJob(server, "Qwen3 8B at 4 bits" + suffix, BLOCKS);
        try (Browser browser = Browser.open(width, dark)) {
            signIn(browser, ApiServer.principal(Scope.ADMIN));
            open(browser, "/jobs/" + sample.job().id());
            browser.script("window.sameDocument = true");
            browser.await("the stream is open", "return document.querySelector('#lamp.on') !== null");

            sample.start();
            browser.await(
                    "the board is laid out",
                    "return document.querySelectorAll('#board tbody tr').length === " + BLOCKS);
            for (int block = 0; block < 11; block++) {
                sample.block(block);
            }
            awaitDone(browser, 11 * 7);
            sample.linear(11, 0);
            awaitDone(browser, 11 * 7 + 1);
            assertThat(browser.script("return document.querySelector('.percent').textContent"))
                    .isEqualTo("31%");
            assertThat(browser.driver().getTitle()).startsWith("31 % · Qwen3 8B at 4 bits");
            checkScales(browser);
            browser.settle();
            browser.screenshot("job-running" + suffix);
            check(browser);
            checkKeyboard(browser);

            finish(sample);
            browser.await(
                    "the verdict is shown", "return document.getElementById('badge').textContent === 'completed'");
            browser.await(
                    "the report is shown", "return document.getElementById('verdict').textContent.includes('38.701')");
            awaitDone(browser, BLOCKS * 7);
            assertThat(browser.script("return window.sameDocument"))
                    .as("no reload")
                    .isEqualTo(true);
            assertThat((String) browser.script("return document.getElementById('legend').textContent"))
                    .contains("damping raised")
                    .doesNotContain("queued");
            browser.await("the stream is over", "return document.getElementById('lamp').textContent === 'final'");
            browser.settle();
            browser.screenshot("job-completed" + suffix);
            check(browser);

            SampleJob second = new SampleJob(server, "the next in line" + suffix, 6);
            second.start();
            second.block(1);
            look(browser, "/", "jobs" + suffix);
            look(browser, "/api/v1/jobs/" + sample.job().id() + "/report", "report" + suffix);
            assertThat(browser.complaints()).as("console").isEmpty();
            look(browser, "/jobs/nowhere", "not-found" + suffix);
        }
    }

    @ParameterizedTest(name = "{0} px, dark {1}")
    @CsvSource({"1280, false", "1280, true", "390, false", "390, true"})
    void aJobWaitsPausesAndGoesOn(int width, boolean dark) throws IOException {
        String suffix = "-" + width + (dark ? "-dark" : "-light");
        SampleJob sample = new SampleJob(server, "Qwen3 8B for search" + suffix, BLOCKS);
        try (Browser browser = Browser.open(width, dark)) {
            signIn(browser, ApiServer.principal(Scope.ADMIN));
            open(browser, "/jobs/" + sample.job().id());
            browser.await("the stream is open", "return document.querySelector('#lamp.on') !== null");
            sample.waits();
            awaitBadge(browser, "waiting");
            assertThat((String) browser.script("return document.getElementById('notice').textContent"))
                    .contains("Waiting for a worker", "since", "Start one: quern worker");
            browser.settle();
            browser.screenshot("job-waiting" + suffix);
            check(browser);
            look(browser, "/", "jobs-waiting" + suffix);
            assertThat((String) browser.script("return document.querySelector('.why').textContent"))
                    .startsWith("waiting for a worker since ");

            open(browser, "/jobs/" + sample.job().id());
            press(browser, "pause");
            awaitBadge(browser, "pausing");
            browser.await("the stream is open", "return document.querySelector('#lamp.on') !== null");
            sample.pause();
            awaitBadge(browser, "paused");
            browser.await("the button has turned", "return document.querySelector('#resume.strong') !== null");
            browser.settle();
            browser.screenshot("job-paused" + suffix);
            check(browser);
            press(browser, "resume");
            awaitBadge(browser, "resuming");
            browser.await("the stream is open", "return document.querySelector('#lamp.on') !== null");

            sample.goOn();
            sample.startSegments();
            browser.await("three workers are named", "return document.querySelectorAll('#makers li').length === 3");
            awaitDone(browser, 12 * 7);
            assertThat(browser.script("return document.querySelectorAll('#board tr.segment').length"))
                    .isEqualTo(2L);
            browser.settle();
            browser.screenshot("job-segments" + suffix);
            check(browser);
        }
    }

    @ParameterizedTest(name = "{0} px, dark {1}")
    @CsvSource({"1440, false", "390, true"})
    void severalResultsFitOnEveryScreen(int width, boolean dark) throws IOException {
        SampleJob sample = twoResults();
        try (Browser browser = Browser.open(width, dark)) {
            signIn(browser, ApiServer.principal(Scope.ADMIN));
            open(browser, "/jobs/" + sample.job().id());
            browser.script("document.querySelectorAll('.files').forEach((files) => files.setAttribute('open', ''))");
            browser.settle();
            browser.screenshot("job-two-results-" + width);
            check(browser);
        }
    }

    private SampleJob twoResults() throws IOException {
        JobView view = RecordCodec.read(
                Json.parse(server.post("/api/v1/jobs", server.admin, """
                        {"apiVersion":"quern/v1","source":{"path":"/models/Qwen3-8B"},"recipe":{"ref":"gptq-w4a16"},
                        "labels":{"team":"search"},"outputs":[{"format":"compressed-tensors"},
                        {"format":"compressed-tensors","recipe":{"ref":"gptq-w3a16"}}]}""").body()), JobView.class);
        SampleJob sample = new SampleJob(
                server, server.jobs.find(UUID.fromString(view.id())).orElseThrow(), 4);
        sample.start();
        for (int block = 0; block < 4; block++) {
            sample.block(block);
        }
        sample.publish(0, true);
        sample.publish(1, false);
        sample.end(false);
        return sample;
    }

    @Test
    void aRejectedJobHasNoEmptyCards() {
        SampleJob sample = new SampleJob(server, "a wrong folder", 4);
        server.steps.project(
                sample.job().id(),
                Step.of(1, 1, JobState.REJECTED, Stage.INSPECT)
                        .failedWith(
                                "invalid-checkpoint", "/nowhere: no such folder (expected: a checkpoint's folder)"));
        try (Browser browser = Browser.open(1440, false)) {
            signIn(browser, ApiServer.principal(Scope.READ));
            open(browser, "/jobs/" + sample.job().id());
            browser.screenshot("job-rejected");
            check(browser);
            assertThat(browser.script(
                            "return [...document.querySelectorAll('section')].filter((one) => one.checkVisibility()"
                                    + " && !one.textContent.trim()).length"))
                    .isEqualTo(0L);
        }
    }

    @Test
    void aFailedJobIsRetriedFromThePage() {
        SampleJob sample = new SampleJob(server, "a full disk", 4);
        sample.start();
        sample.block(0);
        sample.fail("disk-budget", "scratch: 12 GB needed, 3 GB free under /data (expected: more room, then retry)");
        try (Browser browser = Browser.open(1280, false)) {
            signIn(browser, ApiServer.principal(Scope.SUBMIT));
            open(browser, "/jobs/" + sample.job().id());
            browser.screenshot("job-failed");
            checkLook(browser);
            press(browser, "retry");
            awaitBadge(browser, "queued");
        }
        assertThat(server.jobs.find(sample.job().id()))
                .get()
                .returns(2, job -> job.run().generation());
    }

    private static void awaitBadge(Browser browser, String text) {
        browser.await("the job is " + text, "return document.getElementById('badge')?.textContent === '" + text + "'");
    }

    /** With the keyboard alone. */
    private static void press(Browser browser, String button) {
        browser.script("document.activeElement.blur(); window.scrollTo(0, 0)");
        tabTo(browser, button);
        browser.driver().switchTo().activeElement().sendKeys(Keys.ENTER);
    }

    private void look(Browser browser, String path, String picture) {
        open(browser, path);
        browser.settle();
        browser.screenshot(picture);
        checkLook(browser);
    }

    @Test
    void withoutJobsThePageSaysHowToStartOne() {
        try (Browser browser = Browser.open(1280, false)) {
            signIn(browser, new Principal("nobody-yet", "new", Set.of(Scope.READ)));
            open(browser, "/");
            assertThat((String) browser.script("return document.body.textContent"))
                    .contains("quern compress");
            browser.screenshot("jobs-empty");
            checkLook(browser);
            assertThat(browser.complaints()).isEmpty();
        }
    }

    @Test
    void aQuarantinedResultIsApprovedFromThePage() throws Exception {
        SampleJob sample = new SampleJob(server, "a strict gate", 4);
        sample.start();
        for (int block = 0; block < 4; block++) {
            sample.block(block);
        }
        sample.finish(false);
        try (Browser browser = Browser.open(1280, false)) {
            signIn(browser, ApiServer.principal(Scope.ADMIN));
            open(browser, "/jobs/" + sample.job().id());
            checkCopy(browser, "quern jobs approve " + sample.job().id());
            browser.driver().findElement(org.openqa.selenium.By.id("approve")).click();
            browser.screenshot("job-quarantined");
            check(browser);
            browser.driver()
                    .findElement(org.openqa.selenium.By.cssSelector("#ask-approve button.strong"))
                    .click();
            awaitApproved(sample);
        }
    }

    private static void checkCopy(Browser browser, String command) {
        browser.driver()
                .executeCdpCommand(
                        "Browser.grantPermissions",
                        Map.of("permissions", List.of("clipboardReadWrite", "clipboardSanitizedWrite")));
        WebElement button = browser.driver().findElement(org.openqa.selenium.By.cssSelector("#notice pre .copy"));
        assertThat(button.getAccessibleName()).isEqualTo("Copy " + command);
        button.click();
        browser.await("the command is copied", "return document.querySelector('.copy').textContent === 'Copied'");
        assertThat(browser.driver()
                        .executeAsyncScript(
                                "const done = arguments[0]; navigator.clipboard.readText().then(done, done)"))
                .isEqualTo(command);
    }

    /** The click returns before the form has arrived. */
    private void awaitApproved(SampleJob sample) {
        Await.within(Duration.ofSeconds(30), "the approval")
                .until(() -> server.jobs.approved().stream()
                        .anyMatch(job -> job.id().equals(sample.job().id())));
    }

    private static void finish(SampleJob sample) throws IOException {
        for (int block = 11; block < BLOCKS; block++) {
            sample.block(block);
        }
        for (Stage stage : List.of(Stage.ASSEMBLE, Stage.VERIFY, Stage.EVALUATE)) {
            sample.stage(stage);
        }
        sample.finish(true);
    }

    private void signIn(Browser browser, Principal principal) {
        open(browser, "/login?link=" + server.link(principal));
        browser.await(
                "the jobs are shown", "return location.pathname === '/' && document.querySelector('#jobs') !== null");
    }

    private void open(Browser browser, String path) {
        browser.driver().get(server.url(path));
    }

    private static void awaitDone(Browser browser, int cells) {
        browser.await(cells + " cells are coloured", "return " + DONE_CELLS + " === " + cells);
    }

    private static void check(Browser browser) {
        checkLook(browser);
        assertThat(browser.complaints()).as("console").isEmpty();
    }

    private static void checkLook(Browser browser) {
        assertThat(browser.flaws()).isEmpty();
    }

    /**
     * Tab reaches the button with a visible ring, Enter asks, Escape takes it back, and the arrow keys read the board.
     */
    private static void checkKeyboard(Browser browser) {
        browser.script("document.activeElement.blur(); window.scrollTo(0, 0)");
        tabTo(browser, "cancel");
        WebElement button = browser.driver().switchTo().activeElement();
        assertThat(button.getCssValue("outline-style")).isEqualTo("solid");
        button.sendKeys(Keys.ENTER);
        browser.await("the question is open", "return document.querySelector('#ask-cancel:popover-open') !== null");
        browser.driver().switchTo().activeElement().sendKeys(Keys.ESCAPE);
        browser.await("the question is closed", "return document.querySelector('#ask-cancel:popover-open') === null");
        tabTo(browser, "board-box");
        browser.driver().switchTo().activeElement().sendKeys(Keys.ARROW_DOWN, Keys.ARROW_RIGHT);
        assertThat((String) browser.script("return document.getElementById('readout').textContent"))
                .startsWith("block 1 self_attn.k_proj: error ");
    }

    /** The switch changes colours, and the legend says which scale they are on. */
    private static void checkScales(Browser browser) {
        String colour = "return getComputedStyle(document.getElementById('c0-0')).backgroundColor";
        String legend = "return [...document.querySelectorAll('.scale')].filter((one) => one.checkVisibility())"
                + ".map((one) => one.lastElementChild.textContent).join()";
        Object own = browser.script(colour);
        assertThat(browser.script(legend)).isEqualTo("scale of this job");
        browser.script("document.getElementById('common-scale').click()");
        assertThat(browser.script(legend)).isEqualTo("scale of all jobs");
        assertThat(browser.script(colour)).isNotEqualTo(own);
        browser.script("document.getElementById('common-scale').click()");
        assertThat(browser.script(colour)).isEqualTo(own);
    }

    private static void tabTo(Browser browser, String id) {
        for (int i = 0; i < MAX_TABS; i++) {
            browser.driver().switchTo().activeElement().sendKeys(Keys.TAB);
            if (id.equals(browser.script("return document.activeElement.id"))) {
                return;
            }
        }
        throw new AssertionError(id + ": not reached with " + MAX_TABS + " tabs");
    }
}
