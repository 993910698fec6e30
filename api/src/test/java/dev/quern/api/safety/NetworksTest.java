package dev.quern.api.safety;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class NetworksTest {
    private final Networks networks =
            Networks.parse(List.of("127.0.0.1", "10.1.0.0/15", "fd00::/8", "192.168.7.128/25"));

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.1", "10.0.0.1", "10.1.255.255", "fdff::1", "192.168.7.129"})
    void contains(String address) {
        assertThat(networks.contain(address)).isTrue();
    }

    @ParameterizedTest
    @ValueSource(strings = {"127.0.0.2", "10.2.0.0", "fe00::1", "192.168.7.127", "::1", "8.8.8.8"})
    void leavesOut(String address) {
        assertThat(networks.contain(address)).isFalse();
    }

    @Test
    void namesAndWrongBitsAreRefused() {
        for (String wrong : List.of("proxy.example", "10.0.0.0/33", "10.0.0.0/x", "")) {
            assertThatThrownBy(() -> Networks.parse(List.of(wrong)))
                    .hasMessage("quern.proxies: " + wrong + " (expected: an address or a network, such as 10.0.0.0/8)");
        }
    }
}
