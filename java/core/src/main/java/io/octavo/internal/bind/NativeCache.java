package io.octavo.internal.bind;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.bytedeco.javacpp.Loader;

/** The folder where JavaCPP unpacks native libraries before they are loaded, and what can be wrong with it. */
final class NativeCache {
    private static final String OTHER =
            ". Another folder is set by -Dorg.bytedeco.javacpp.cachedir=FOLDER (the default is ~/.javacpp/cache)";

    private NativeCache() {}

    /**
     * One sentence for a failed load whose reason is the folder: a file system that runs no code, or a full one. Null where the
     * reason is another.
     *
     * @param library resource of the largest library that had to be unpacked
     */
    static String unusable(Throwable failure, String library) {
        try {
            return unusable(failure, Loader.getCacheDir().toPath(), bytes(library));
        } catch (IOException e) {
            return "There is no folder to unpack native libraries into: " + e.getMessage() + OTHER;
        }
    }

    static String unusable(Throwable failure, Path folder, long needed) throws IOException {
        for (Throwable e = failure; e != null; e = e.getCause()) {
            // As glibc's loader says it where the file system is mounted noexec.
            if (String.valueOf(e.getMessage()).contains("failed to map segment from shared object")) {
                return "Native libraries are unpacked into " + folder
                        + ", where the system runs no code (mounted noexec?)" + OTHER;
            }
        }
        // JavaCPP does not say that a file could not be written: the next one that needs it does not find it.
        long left = Files.getFileStore(folder).getUsableSpace();
        return left < needed
                ? "Native libraries are unpacked into " + folder + ", where " + left + " bytes are left and " + needed
                        + " are needed: the disk is full" + OTHER
                : null;
    }

    private static long bytes(String library) throws IOException {
        try (InputStream in = NativeCache.class.getResourceAsStream(library)) {
            return in == null ? 0 : in.transferTo(OutputStream.nullOutputStream());
        }
    }
}
