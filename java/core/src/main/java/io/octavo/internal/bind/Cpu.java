package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.IntPointer;
import org.bytedeco.javacpp.PointerScope;

/** The processor as the native library sees it: instruction sets, name, thread count. */
public final class Cpu {
    private Cpu() {}

    /**
     * An instruction set.
     *
     * @param supported whether processor and operating system have it
     * @param active whether it is the one in use
     */
    public record Isa(String name, String description, boolean supported, boolean active) {}

    /** All instruction sets that kernels exist for, in ascending order. */
    public static List<Isa> isas() {
        NativeLibrary.require();
        List<Isa> isas = new ArrayList<>();
        for (int i = 0; i < octavo.octavo_isa_count(); i++) {
            try (PointerScope scope = new PointerScope()) {
                BytePointer name = new BytePointer();
                BytePointer description = new BytePointer();
                IntPointer flags = new IntPointer(2);
                Status.check(octavo.octavo_isa_info(i, name, description, flags.getPointer(0), flags.getPointer(1)));
                isas.add(new Isa(name.getString(), description.getString(), flags.get(0) != 0, flags.get(1) != 0));
            }
        }
        return List.copyOf(isas);
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
