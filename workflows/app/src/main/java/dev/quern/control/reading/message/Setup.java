package dev.quern.control.reading.message;

import java.util.Map;

/**
 * What a reading process must know before it is asked anything. Comes through its input: an environment shows in lists
 * of processes.
 *
 * @param store the address of the artifact store
 * @param s3 settings of the S3 server, by the names of their variables
 * @param scratch a folder of its own, for native libraries and parts of distant sources
 */
public record Setup(String store, Map<String, String> s3, String scratch) {
    public Setup {
        s3 = Map.copyOf(s3);
    }
}
