package io.octavo.runtime;

import io.octavo.internal.bind.Cpu;
import java.util.ArrayList;
import java.util.List;

/** The processor that sessions run on: its name, its instruction sets, and how many threads a run may use. */
public final class Machine {
    private Machine() {}

    /**
     * An instruction set that kernels exist for.
     *
     * @param supported whether processor and operating system have it
     * @param active whether it is the one in use
     */
    public record Isa(String name, String description, boolean supported, boolean active) {}

    /** The processor's brand string. */
    public static String cpu() {
        return Cpu.name();
    }

    /** All instruction sets that kernels exist for, in the order of preference: the last that is supported is the best. */
    public static List<Isa> isas() {
        List<Isa> isas = new ArrayList<>();
        Cpu.isas((name, description, supported, active) -> isas.add(new Isa(name, description, supported, active)));
        return List.copyOf(isas);
    }

    /**
     * The instruction set in use: the best that is supported, capped by the environment variable {@code OCTAVO_ISA}.
     *
     * @throws io.octavo.NativeLibraryException if the variable names none that there is; lists those that there are
     */
    public static String isa() {
        return Cpu.activeIsa();
    }

    /** Threads that a run may use unless its session says otherwise; at first the CPU limit of the process. */
    public static int threads() {
        return Cpu.threads();
    }

    /**
     * Sets the threads that a run may use unless its session says otherwise. 1: the caller's thread alone.
     *
     * @throws io.octavo.InvalidValueException if not in 1..1024
     */
    public static void setThreads(int threads) {
        Cpu.setThreads(threads);
    }
}
