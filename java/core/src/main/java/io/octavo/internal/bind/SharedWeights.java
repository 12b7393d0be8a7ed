package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;
import io.octavo.natives.octavo_weights;
import io.octavo.natives.octavo_weights_memory;
import java.lang.ref.Reference;
import org.bytedeco.javacpp.PointerScope;

/**
 * Packed weights that plans share: the plans of one network for several shapes hold them once. Plans may be built with it from
 * several threads, and may outlive it: each keeps what it uses.
 */
public final class SharedWeights implements AutoCloseable {
    private final octavo_weights weights;
    private final Lifetime lifetime;

    /**
     * What plans have packed.
     *
     * @param bytes in use now, each once
     * @param objects how many pieces these are
     * @param packed pieces made so far; a plan that finds all of its own adds none
     */
    public record MemoryInfo(long bytes, long objects, long packed) {}

    /**
     * Nothing packed yet.
     *
     * @throws io.octavo.NativeLibraryException if the native library is not there
     */
    public SharedWeights() {
        NativeLibrary.require();
        octavo_weights created = new octavo_weights();
        Status.check(octavo.octavo_weights_create(created));
        weights = created;
        lifetime = new Lifetime(this, "Shared weights", () -> octavo.octavo_weights_destroy(created));
    }

    /** What plans that are not closed use of it. */
    public MemoryInfo memory() {
        lifetime.enter();
        try (PointerScope scope = new PointerScope()) {
            octavo_weights_memory memory = new octavo_weights_memory();
            memory.size(memory.sizeof());
            Status.check(octavo.octavo_weights_memory_info(weights, memory));
            return new MemoryInfo(memory.bytes(), memory.objects(), memory.packed());
        } finally {
            Reference.reachabilityFence(this);
            lifetime.exit();
        }
    }

    /** For a call that hands it to native code: {@link #exit} follows. */
    octavo_weights enter() {
        lifetime.enter();
        return weights;
    }

    void exit() {
        Reference.reachabilityFence(this);
        lifetime.exit();
    }

    /** No more plans; those that were built keep what they use. Harmless when repeated. */
    @Override
    public void close() {
        lifetime.close();
    }
}
