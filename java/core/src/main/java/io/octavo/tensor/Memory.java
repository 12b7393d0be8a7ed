package io.octavo.tensor;

import io.octavo.NativeMemoryException;
import java.lang.ref.Cleaner;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ServiceLoader;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/**
 * The bytes of one tensor or view, as the layer that calls native code needs them. For the library's own packages.
 *
 * <p>Memory of the library's own goes back to the system in two steps. Its pages go at once when the last tensor, view or run that
 * {@linkplain #hold holds} it lets go; its addresses stay valid until no buffer of it is reachable, so that a buffer that outlives its
 * tensor reads zeros and cannot crash the process.
 */
public final class Memory {
    static final int ALIGNMENT = 64;

    private final ByteBuffer buffer;
    private final Region region; // null: the caller's own buffer, or one that the collector frees

    // 0: not asked for yet. Two threads may both compute it; they get the same number.
    private volatile long address;

    private Memory(ByteBuffer buffer, Region region) {
        this.buffer = buffer.order(ByteOrder.nativeOrder());
        this.region = region;
    }

    /** Zeroed memory, held once. */
    static Memory allocate(int bytes, String what) {
        if (!Source.AVAILABLE) {
            return new Memory(direct(bytes, what), null);
        }
        int needed = Math.max(bytes, 1);
        MemoryBudget.reserve(needed, what);
        long address = 0;
        try {
            address = Source.INSTANCE.allocate(needed);
        } finally {
            if (address == 0) {
                MemoryBudget.release(needed);
            }
        }
        ByteBuffer root = Source.INSTANCE.buffer(address, needed);
        Region region = new Region(address, needed);
        // Every buffer of this memory keeps the first one reachable.
        Source.CLEANER.register(root, region.pages);
        return new Memory(root.slice(0, bytes), region);
    }

    private static ByteBuffer direct(int bytes, String what) {
        try {
            // Not alignedSlice(), which also cuts the end down to a multiple of the alignment.
            ByteBuffer memory = ByteBuffer.allocateDirect(bytes + ALIGNMENT - 1);
            int past = memory.alignmentOffset(0, ALIGNMENT);
            return memory.slice(past == 0 ? 0 : ALIGNMENT - past, bytes);
        } catch (OutOfMemoryError e) {
            throw new NativeMemoryException("No memory for " + what + " of " + bytes + " bytes: " + e.getMessage(), e);
        }
    }

    /** The caller's buffer, which is not ours to free. */
    static Memory of(ByteBuffer buffer) {
        return new Memory(buffer, null);
    }

    /** A part of this memory, or all of it, held once more; null if nobody holds it any longer. */
    Memory view(ByteBuffer part) {
        return hold() ? new Memory(part, region) : null;
    }

    ByteBuffer buffer() {
        return buffer;
    }

    /** Holds the bytes for a run: until {@link #release} they stay, whatever becomes of the tensor. False if they are gone already. */
    public boolean hold() {
        return region == null || region.hold();
    }

    /** Ends one {@link #hold}, or the one that this memory or view was made with. */
    public void release() {
        if (region != null) {
            region.release();
        }
    }

    /** The address of the first byte. */
    public long address() {
        long known = address;
        if (known == 0) {
            known = Source.INSTANCE.address(buffer);
            address = known;
        }
        return known;
    }

    /** Found when the first tensor is made. */
    private static final class Source {
        static final MemorySource INSTANCE = ServiceLoader.load(MemorySource.class, MemorySource.class.getClassLoader())
                .findFirst()
                .orElseThrow();
        static final boolean AVAILABLE = INSTANCE.isAvailable();
        static final Cleaner CLEANER = Cleaner.create();
    }

    /** One allocation, which tensors and runs share. */
    private static final class Region {
        final Pages pages;
        private final AtomicInteger holders = new AtomicInteger(1);

        Region(long address, long bytes) {
            pages = new Pages(address, bytes);
        }

        boolean hold() {
            int before = holders.get();
            while (before > 0) {
                if (holders.compareAndSet(before, before + 1)) {
                    return true;
                }
                before = holders.get();
            }
            return false;
        }

        void release() {
            if (holders.decrementAndGet() == 0) {
                pages.discard();
            }
        }
    }

    /** What the cleaner needs: apart from buffers and regions, which it must not keep reachable. */
    private static final class Pages implements Runnable {
        private final long address;
        private final long bytes;
        private final AtomicLong counted; // in the budget

        Pages(long address, long bytes) {
            this.address = address;
            this.bytes = bytes;
            this.counted = new AtomicLong(bytes);
        }

        void discard() {
            if (Source.INSTANCE.discard(address, bytes) > 0) {
                MemoryBudget.release(counted.getAndSet(0));
            }
        }

        /** No buffer is reachable any more. */
        @Override
        public void run() {
            Source.INSTANCE.free(address, bytes);
            MemoryBudget.release(counted.getAndSet(0));
        }
    }
}
