package dev.quern.api.safety;

import java.net.InetAddress;
import java.util.Arrays;
import java.util.List;

/** Addresses and networks, such as {@code 127.0.0.1}, {@code 10.0.0.0/8} and {@code fd00::/8}. */
record Networks(List<Network> networks) {
    /** @param bits that an address of the network has in common with it */
    record Network(InetAddress address, int bits) {
        boolean contains(InetAddress other) {
            byte[] mine = address.getAddress();
            byte[] theirs = other.getAddress();
            if (mine.length != theirs.length) {
                return false;
            }
            int whole = bits / 8;
            int rest = bits % 8;
            return Arrays.equals(mine, 0, whole, theirs, 0, whole)
                    && (rest == 0 || ((mine[whole] ^ theirs[whole]) & (0xff << (8 - rest))) == 0);
        }
    }

    /** @throws IllegalArgumentException for what is no address; names are not looked up */
    static Networks parse(List<String> texts) {
        return new Networks(texts.stream().map(Networks::network).toList());
    }

    private static Network network(String text) {
        int slash = text.indexOf('/');
        try {
            InetAddress address = InetAddress.ofLiteral(slash < 0 ? text : text.substring(0, slash));
            int most = address.getAddress().length * 8;
            int bits = slash < 0 ? most : Integer.parseInt(text.substring(slash + 1));
            if (bits >= 0 && bits <= most) {
                return new Network(address, bits);
            }
        } catch (IllegalArgumentException e) {
            // Said below, with what was expected.
        }
        throw new IllegalArgumentException(
                "quern.proxies: " + text + " (expected: an address or a network, such as 10.0.0.0/8)");
    }

    /** @param literal as the servlet container gives it */
    boolean contain(String literal) {
        InetAddress address = InetAddress.ofLiteral(literal);
        return networks.stream().anyMatch(network -> network.contains(address));
    }
}
