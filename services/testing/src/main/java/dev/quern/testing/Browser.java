package dev.quern.testing;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.logging.Level;
import org.jspecify.annotations.Nullable;
import org.openqa.selenium.chrome.ChromeDriver;
import org.openqa.selenium.chrome.ChromeDriverService;
import org.openqa.selenium.chrome.ChromeOptions;
import org.openqa.selenium.logging.LogEntry;
import org.openqa.selenium.logging.LogType;
import org.openqa.selenium.logging.LoggingPreferences;

/**
 * Headless Chromium from the system's packages; nothing is downloaded. A machine without it fails the test: the pages
 * are part of the product.
 */
public final class Browser implements AutoCloseable {
    private static final Path CHROMIUM = Path.of(System.getProperty("quern.chromium", "/usr/bin/chromium"));
    private static final Path DRIVER = Path.of(System.getProperty("quern.chromedriver", "/usr/bin/chromedriver"));
    /** A browser on a busy machine is slow; what never comes fails all the same. */
    private static final Duration PATIENCE = Duration.ofSeconds(30);

    private final ChromeDriver driver;

    private Browser(ChromeDriver driver) {
        this.driver = driver;
    }

    /**
     * @param width of the page in pixels, below 600 a phone's
     * @param dark what the page may prefer
     */
    public static Browser open(int width, boolean dark) {
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
    public void emulate(int width, boolean dark) {
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

    public ChromeDriver driver() {
        return driver;
    }

    public @Nullable Object script(String code, Object... arguments) {
        return driver.executeScript(code, arguments);
    }

    /** Waits until a script answers true: what a page does at once. */
    public void await(String what, String code) {
        await(PATIENCE, what, code);
    }

    /** Waits until a script answers true. */
    public void await(Duration limit, String what, String code) {
        Await.within(limit, what).until(() -> Boolean.TRUE.equals(driver.executeScript(code)));
    }

    /** Ends animations, so that pictures are equal and colours are final. */
    public void settle() {
        script("document.getAnimations().forEach((animation) => animation.cancel())");
    }

    /** What no page may have: a horizontal scroll bar, text with a contrast below 4.5. Empty where all is well. */
    public List<String> flaws() {
        List<String> flaws = new ArrayList<>();
        Object beyond = script("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
        if (!Long.valueOf(0).equals(beyond)) {
            flaws.add("horizontal scroll: " + beyond + " pixels");
        }
        if (script(contrast()) instanceof List<?> weak) {
            weak.forEach(text -> flaws.add("contrast: " + text));
        } else {
            flaws.add("contrast: not measured");
        }
        return flaws;
    }

    private static String contrast() {
        try (InputStream script = Browser.class.getResourceAsStream("contrast.js")) {
            return new String(Objects.requireNonNull(script, "contrast.js").readAllBytes(), StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The whole page, into target/screenshots. */
    public void screenshot(String name) {
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
    public List<String> complaints() {
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
