package dev.quern.api.safety;

import dev.quern.api.html.LoginPage;
import dev.quern.api.settings.ApiProperties;
import dev.quern.jobs.access.AccessRepository;
import jakarta.servlet.http.HttpServletRequest;
import java.net.URI;
import java.time.Duration;
import java.util.Optional;
import org.springframework.http.HttpHeaders;
import org.springframework.http.HttpStatus;
import org.springframework.http.MediaType;
import org.springframework.http.ResponseCookie;
import org.springframework.http.ResponseEntity;
import org.springframework.stereotype.Controller;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.PostMapping;
import org.springframework.web.bind.annotation.RequestParam;

/** Exchanges a one-time link or an API key for a session, and ends it. */
@Controller
final class SessionController {
    private static final Duration LINK_VALIDITY = Duration.ofMinutes(1);
    private static final MediaType HTML = MediaType.parseMediaType("text/html;charset=UTF-8");

    private final AccessRepository access;
    private final Duration length;

    SessionController(AccessRepository access, ApiProperties properties) {
        this.access = access;
        this.length = properties.session();
    }

    /**
     * Without a link it asks for a key. With one it answers with a page that leads to the jobs, not with a redirect: a
     * browser that came from elsewhere would not send a SameSite=Strict cookie along with a redirect.
     */
    @GetMapping("/login")
    ResponseEntity<String> login(@RequestParam(defaultValue = "") String link, HttpServletRequest request) {
        if (link.isEmpty()) {
            return ResponseEntity.ok().contentType(HTML).body(LoginPage.needed());
        }
        return answer(access.redeem(link, length), LoginPage.refused(), request);
    }

    /** From the form of the page that asks to sign in. The Origin of a form elsewhere has been refused before. */
    @PostMapping(path = "/login", consumes = MediaType.APPLICATION_FORM_URLENCODED_VALUE)
    ResponseEntity<String> signIn(@RequestParam(defaultValue = "") String key, HttpServletRequest request) {
        Optional<String> session =
                access.createLink(key.strip(), LINK_VALIDITY).flatMap(link -> access.redeem(link, length));
        return answer(session, LoginPage.wrongKey(), request);
    }

    private ResponseEntity<String> answer(Optional<String> session, String refusal, HttpServletRequest request) {
        return session.map(opened -> ResponseEntity.ok()
                        .contentType(HTML)
                        .header(HttpHeaders.SET_COOKIE, cookie(opened, length, request))
                        .body(LoginPage.welcome()))
                .orElseGet(() -> ResponseEntity.status(HttpStatus.UNAUTHORIZED)
                        .contentType(HTML)
                        .body(refusal));
    }

    @PostMapping("/logout")
    ResponseEntity<Void> logout(HttpServletRequest request) {
        AuthenticationFilter.cookie(request).ifPresent(access::close);
        return ResponseEntity.status(HttpStatus.SEE_OTHER)
                .location(URI.create("/login"))
                .header(HttpHeaders.SET_COOKIE, cookie("", Duration.ZERO, request))
                .build();
    }

    private static String cookie(String value, Duration age, HttpServletRequest request) {
        return ResponseCookie.from(AuthenticationFilter.COOKIE, value)
                .httpOnly(true)
                .sameSite("Strict")
                .secure(request.isSecure())
                .path("/")
                .maxAge(age)
                .build()
                .toString();
    }
}
