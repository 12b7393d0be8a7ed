package io.octavo.internal.bind;

import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The messages are what a load from a tmpfs mounted noexec, and from one of 300 kB, gave. */
class NativeCacheTest {
    private static Throwable failure(String cause) {
        Throwable failure = new UnsatisfiedLinkError("no jnioctavo in java.library.path: /usr/lib");
        failure.initCause(new UnsatisfiedLinkError(cause));
        return failure;
    }

    private static String told(String text, Path folder) {
        assertTrue(text.contains(folder.toString()) && text.contains("org.bytedeco.javacpp.cachedir"), text);
        return text;
    }

    @Test
    void aFolderThatRunsNoCodeIsNamedFirst(@TempDir Path folder) throws IOException {
        String text = NativeCache.unusable(
                failure("/x/libjnioctavo.so: /x/libjnioctavo.so: failed to map segment from shared object"), folder, 0);
        assertTrue(told(text, folder).contains("noexec"), text);
    }

    @Test
    void aFullDiskIsNamedFirst(@TempDir Path folder) throws IOException {
        Throwable failure = failure(
                "/x/libjnioctavo.so: liboctavo.so.0: cannot open shared object file: No such file or directory");
        String text = NativeCache.unusable(failure, folder, Long.MAX_VALUE);
        assertTrue(told(text, folder).contains("full") && text.contains(Long.toString(Long.MAX_VALUE)), text);
        assertNull(NativeCache.unusable(failure, folder, 1), "there is room: the reason is another");
    }
}
