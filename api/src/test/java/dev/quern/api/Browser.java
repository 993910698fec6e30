package dev.quern.api;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;
import org.openqa.selenium.support.ui.WebDriverWait;

/**
 * Headless Chromium from the system's packages; nothing is downloaded. A machine without it fails the test: the pages are part
 * of the product.
 */
final class Browser implements AutoCloseable {
    private static final Path CHROMIUM = Path.of(System.getProperty("quern.chromium", "/usr/bin/chromium"));
    private static final Path DRIVER = Path.of(System.getProperty("quern.chromedriver", "/usr/bin/chromedriver"));
    /** A browser on a busy machine is slow; what never comes fails all the same. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    static Browser open(int width, boolean dark) {
        requireFile(CHROMIUM, "chromium");
        requireFile(DRIVER, "chromium-driver");
        ChromeDriverService service = new ChromeDriverService.Builder()
                .usingDriverExecutable(DRIVER.toFile())
                .usingAnyFreePort()
                .withLogFile(new File("target/chromedriver.log"))
                .build();
        Browser browser = new Browser(new ChromeDriver(service, options()));
        browser.emulate(width, dark);
        return browser;
    }

    private static void requireFile(Path file, String what) {
        if (!Files.isExecutable(file)) {
            throw new IllegalStateException(file + ": missing (expected: the package " + what
                    + ", or its path in -Dquern." + file.getFileName() + ")");
        }
    }

    private static ChromeOptions options() {
        LoggingPreferences logs = new LoggingPreferences();
        logs.enable(LogType.BROWSER, Level.ALL);
        ChromeOptions options = new ChromeOptions();
        options.setBinary(CHROMIUM.toFile());
        options.setCapability("goog:loggingPrefs", logs);
        // Without --user-data-dir the driver makes a fresh profile and deletes it.
        options.addArguments(
                "--headless=new",
                "--no-sandbox",
                "--disable-gpu",
                "--no-first-run",
                "--disable-background-networking",
                "--disable-component-update",
                "--disable-sync",
                "--disable-dev-shm-usage",
                "--hide-scrollbars");
        return options;
    }

    /** The size of the page itself: windows cannot be as narrow as a phone. */
    private void emulate(int width, boolean dark) {
        driver.executeCdpCommand(
                "Emulation.setDeviceMetricsOverride",
                Map.of(
                        "width",
                        width,
                        "height",
                        width < 600 ? 844 : 900,
                        "deviceScaleFactor",
                        1,
                        "mobile",
                        width < 600));
        driver.executeCdpCommand(
                "Emulation.setEmulatedMedia",
                Map.of("features", List.of(Map.of("name", "prefers-color-scheme", "value", dark ? "dark" : "light"))));
    }

    ChromeDriver driver() {
        return driver;
    }

    Object script(String code, Object... arguments) {
        return driver.executeScript(code, arguments);
    }

    /** Waits until a script answers true. */
    void await(String what, String code, Object... arguments) {
        new WebDriverWait(driver, PATIENCE)
                .withMessage(what)
                .until(ignored -> Boolean.TRUE.equals(driver.executeScript(code, arguments)));
    }

    /** The whole page, into target/screenshots. */
    void screenshot(String name) {
        Object image = driver.executeCdpCommand("Page.captureScreenshot", Map.of("captureBeyondViewport", true))
                .get("data");
        try {
            Path folder = Files.createDirectories(Path.of("target", "screenshots"));
            Files.write(folder.resolve(name + ".png"), Base64.getDecoder().decode((String) image));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** What the console said since the last question, down to warnings. */
    List<String> complaints() {
        return driver.manage().logs().get(LogType.BROWSER).getAll().stream()
                .filter(entry -> entry.getLevel().intValue() >= Level.WARNING.intValue())
                .map(LogEntry::getMessage)
                .toList();
    }

    @Override
    public void close() {
        driver.quit();
    }
}
