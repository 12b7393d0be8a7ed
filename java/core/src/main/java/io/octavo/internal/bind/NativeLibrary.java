package io.octavo.internal.bind;

import io.octavo.NativeLibraryException;
import io.octavo.OctavoException;
import io.octavo.Version;
import io.octavo.natives.global.octavo;
import io.octavo.natives.global.octavo_onednn;
import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.System.Logger.Level;
import java.util.List;
import org.bytedeco.javacpp.Loader;

/**
 * Loads the native libraries, each once, when something first needs it. A failure is kept, and thrown with its cause at every
 * use.
 */
public final class NativeLibrary {
    private static final System.Logger LOG = System.getLogger("io.octavo");

    static {
        // JavaCPP counts the whole process, and refuses beyond four times the heap's size: tensors have a limit of
        // their own.
        if (System.getProperty("org.bytedeco.javacpp.maxPhysicalBytes") == null
                && System.getProperty("org.bytedeco.javacpp.maxphysicalbytes") == null) {
            System.setProperty("org.bytedeco.javacpp.maxPhysicalBytes", "0");
        }
    }

    private NativeLibrary() {}

    /** Initialized, and so loaded, at first use. */
    private static final class Core {
        static final Throwable FAILURE = attempt(Core::load);

        private static void load() {
            requireResource("libjnioctavo.so", "");
            String file = Loader.load(octavo.class);
            String version = octavo.octavo_version().getString();
            if (!version.equals(Version.VERSION)) {
                throw new NativeLibraryException("The native library is version " + version + ", the Java classes are "
                        + Version.VERSION + ": put jars of one version on the class path");
            }
            LOG.log(
                    Level.INFO,
                    "Octavo {0} on {1}: instruction set {2}, {3} threads, library {4}",
                    version,
                    Cpu.nameUnchecked(),
                    isaOrReason(),
                    octavo.octavo_threads(),
                    file);
        }

        private static String isaOrReason() {
            try {
                return Cpu.activeIsaUnchecked();
            } catch (OctavoException e) {
                return "none (" + e.getMessage() + ")";
            }
        }
    }

    /** Initialized, and so loaded and registered, at first use. */
    private static final class Onednn {
        static final Throwable FAILURE = attempt(Onednn::load);

        private static void load() {
            requireResource("libjnioctavo_onednn.so", "-onednn");
            String file;
            try {
                file = Loader.load(octavo_onednn.class);
            } catch (UnsatisfiedLinkError e) {
                loadNeighbours();
                throw e;
            }
            Status.check(octavo_onednn.octavo_onednn_register());
            LOG.log(
                    Level.INFO,
                    "Octavo float and training operators: oneDNN {0}, library {1}",
                    octavo_onednn.octavo_onednn_version().getString(),
                    file);
        }

        /** JavaCPP's loader does not say why a library failed that others need and that it loads before them: this does. */
        private static void loadNeighbours() {
            for (String library : List.of("libgomp.so.1", "libdnnl.so.3")) {
                try {
                    String resource = "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/" + library;
                    File file = Loader.cacheResource(octavo_onednn.class, resource);
                    if (file != null) {
                        System.load(file.getAbsolutePath());
                    }
                } catch (IOException e) {
                    throw new UncheckedIOException("Could not unpack " + library, e);
                }
            }
        }
    }

    /**
     * Makes sure that {@code liboctavo} is loaded.
     *
     * @throws NativeLibraryException if it is missing for the platform, or failed to load
     */
    public static void require() {
        rethrow(Core.FAILURE, "/io/octavo/" + Loader.getPlatform() + "/liboctavo.so.0");
    }

    /**
     * Makes sure that {@code liboctavo_onednn}, the float and training operators, is loaded and registered.
     *
     * @throws NativeLibraryException if it is missing for the platform, or failed to load
     */
    public static void requireOnednn() {
        require();
        rethrow(Onednn.FAILURE, "/org/bytedeco/dnnl/" + Loader.getPlatform() + "/libdnnl.so.3");
    }

    private static Throwable attempt(Runnable load) {
        try {
            load.run();
            return null;
        } catch (RuntimeException | LinkageError e) {
            return e;
        }
    }

    /** @param library resource of the largest library that had to be unpacked */
    private static void rethrow(Throwable failure, String library) {
        if (failure instanceof NativeLibraryException) {
            throw new NativeLibraryException(failure.getMessage(), failure);
        }
        if (failure != null) {
            String reason = SystemLibrary.tooOld(failure);
            if (reason == null) {
                reason = NativeCache.unusable(failure, library);
            }
            throw new NativeLibraryException(
                    "The native library did not load: " + (reason != null ? reason : failure), failure);
        }
    }

    private static void requireResource(String library, String classifierSuffix) {
        String platform = Loader.getPlatform();
        if (octavo.class.getResource("/io/octavo/" + platform + "/" + library) == null) {
            throw new NativeLibraryException("There is no " + library + " for platform " + platform
                    + " on the class path: add the artifact io.octavo:octavo-presets with classifier " + platform
                    + classifierSuffix + ", or io.octavo:octavo-platform (built for linux-x86_64)");
        }
    }
}
