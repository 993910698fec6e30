package dev.quern.artifacts.range;

/**
 * The bytes [offset, offset + length) of one version of an object.
 *
 * @param place tells equal keys of different stores apart
 */
public record ObjectRange(String place, String key, String etag, long offset, long length) {
    long end() {
        return offset + length;
    }

    boolean sameObject(ObjectRange other) {
        return place.equals(other.place) && key.equals(other.key) && etag.equals(other.etag);
    }
}
