package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;

/** The processor as the native library sees it: instruction sets, name, thread count. */
public final class Cpu {
    private Cpu() {}

    /** Takes the instruction sets, one a call; what is said of each {@code runtime.Machine.Isa} explains. */
    @FunctionalInterface
    public interface IsaReader {
        /** One instruction set. */
        void isa(String name, String description, boolean supported, boolean active);
    }

    /** Tells all instruction sets that kernels exist for, in the order of preference. */
    public static void isas(IsaReader reader) {
        NativeLibrary.require();
        for (int i = 0; i < octavo.octavo_isa_count(); i++) {
            try (PointerScope scope = new PointerScope()) {
                BytePointer name = new BytePointer();
                BytePointer description = new BytePointer();
                IntPointer flags = new IntPointer(2);
                Status.check(octavo.octavo_isa_info(i, name, description, flags.getPointer(0), flags.getPointer(1)));
                reader.isa(name.getString(), description.getString(), flags.get(0) != 0, flags.get(1) != 0);
            }
        }
    }

    /**
     * The instruction set in use.
     *
     * @throws io.octavo.NativeLibraryException if {@code OCTAVO_ISA} names none that there is; lists those that there are
     */
    public static String activeIsa() {
        NativeLibrary.require();
        return activeIsaUnchecked();
    }

    /** The processor's brand string. */
    public static String name() {
        NativeLibrary.require();
        return nameUnchecked();
    }

    /** Threads that a plan may use unless its options say otherwise. */
    public static int threads() {
        NativeLibrary.require();
        return octavo.octavo_threads();
    }

    /**
     * Sets the threads that a plan may use unless its options say otherwise; 1: the caller's alone.
     *
     * @throws io.octavo.InvalidValueException if not in 1..1024
     */
    public static void setThreads(int threads) {
        NativeLibrary.require();
        Status.check(octavo.octavo_set_threads(threads));
    }

    static String activeIsaUnchecked() {
        BytePointer name = new BytePointer();
        Status.check(octavo.octavo_isa_active(name));
        return name.getString();
    }

    static String nameUnchecked() {
        return octavo.octavo_cpu_name().getString();
    }
}
