package dev.quern.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class HttpPortTest {
    @ParameterizedTest
    @CsvSource({
        "/metrics, localhost, 200",
        "/metrics, 127.0.0.1:%d, 200",
        "/health, [::1]:%d, 200",
        "/metrics, attacker.example, 403",
        "/health, attacker.example:%d, 403",
        "/metrics, 127.0.0.1.attacker.example, 403"
    })
    void aForeignNameIsRefused(String path, String host, int status) throws IOException {
        try (HttpPort port = new HttpPort(0, () -> "jobs 1\n");
                Socket socket = new Socket(InetAddress.getLoopbackAddress(), port.port())) {
            String request = "GET " + path + " HTTP/1.1\r\nHost: " + host.replace("%d", "" + port.port())
                    + "\r\nConnection: close\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));

            String answer = new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            assertThat(answer).startsWith("HTTP/1.1 " + status);
            assertThat(answer.contains("jobs 1")).isEqualTo(status == 200 && path.equals("/metrics"));
        }
    }
}
