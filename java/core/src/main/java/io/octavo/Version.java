package io.octavo;

/** The version of the library. */
public final class Version {
    /** {@code major.minor.patch}; the native library must carry the same. */
    public static final String VERSION = "0.1.0";

    private Version() {}
}
