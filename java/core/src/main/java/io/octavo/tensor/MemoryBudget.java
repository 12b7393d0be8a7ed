package io.octavo.tensor;

import io.octavo.NativeMemoryException;
import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/** What all tensors hold outside the heap, and how much that may be. */
final class MemoryBudget {
    private static final String PROPERTY = "octavo.maxMemory";
    private static final int ATTEMPTS = 10; // the last waits for half a second
    private static final AtomicLong IN_USE = new AtomicLong();
    private static final long LIMIT = limit(System.getProperty(PROPERTY));

    private MemoryBudget() {}

    static long inUse() {
        return IN_USE.get();
    }

    /**
     * Takes {@code bytes} out of the budget. Where they are not left, the collector is asked to find tensors that nobody closed or
     * refers to.
     *
     * @throws NativeMemoryException if they are not left then either
     */
    static void reserve(long bytes, String what) {
        for (int attempt = 0; !tryReserve(bytes); attempt++) {
            if (attempt == ATTEMPTS) {
                throw new NativeMemoryException("No memory for " + what + " of " + bytes + " bytes: tensors hold "
                        + IN_USE.get() + " of the " + LIMIT
                        + " bytes that they may. Close tensors, or raise the limit: -D" + PROPERTY
                        + "=4g, else -XX:MaxDirectMemorySize, else the heap's size, -Xmx");
            }
            collect(attempt);
        }
    }

    static void release(long bytes) {
        IN_USE.addAndGet(-bytes);
    }

    /** Lets the collector and the cleaner work; the longer, the more often it was in vain. */
    static void collect(int attempt) {
        System.gc();
        try {
            Thread.sleep(1L << Math.min(attempt, 9));
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static boolean tryReserve(long bytes) {
        long before = IN_USE.get();
        while (bytes <= LIMIT - before) {
            if (IN_USE.compareAndSet(before, before + bytes)) {
                return true;
            }
            before = IN_USE.get();
        }
        return false;
    }

    /** The property; else the JVM's limit of direct buffers, which means the same; else, as for these, the heap's size. */
    static long limit(String property) {
        if (property != null) {
            return parse(property);
        }
        try {
            long direct =
                    Long.parseLong(ManagementFactory.getPlatformMXBean(com.sun.management.HotSpotDiagnosticMXBean.class)
                            .getVMOption("MaxDirectMemorySize")
                            .getValue());
            if (direct > 0) {
                return direct;
            }
        } catch (IllegalArgumentException | NullPointerException e) {
            // A JVM without this option.
        }
        return Runtime.getRuntime().maxMemory();
    }

    private static long parse(String property) {
        String text = property.trim().toLowerCase(Locale.ROOT);
        int shift = text.endsWith("k") ? 10 : text.endsWith("m") ? 20 : text.endsWith("g") ? 30 : 0;
        try {
            long number = Long.parseLong(shift == 0 ? text : text.substring(0, text.length() - 1));
            if (number > 0 && number <= Long.MAX_VALUE >> shift) {
                return number << shift;
            }
        } catch (NumberFormatException e) {
            // Said below.
        }
        throw new NativeMemoryException(
                "-D" + PROPERTY + "=" + property + ": expected a number of bytes, with k, m or g behind it if wanted");
    }
}
