package io.octavo.internal.bind;

import io.octavo.ClosedException;
import java.lang.System.Logger.Level;
import java.lang.ref.Cleaner;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;

/**
 * Guards a native object: calls under way are counted, closing waits for them and frees once, later calls are refused. An owner
 * that is collected without having been closed is freed too; with the system property {@code octavo.trace} set to true a
 * warning then says where it was made.
 */
final class Lifetime {
    private static final System.Logger LOG = System.getLogger("io.octavo");
    private static final Cleaner CLEANER = Cleaner.create();
    private static final int CLOSED = Integer.MIN_VALUE;

    private final State state;
    private final Cleaner.Cleanable cleanable;

    /**
     * @param owner the object whose collection means a leak; neither {@code what} nor {@code free} may refer to it
     * @param what how messages name the object
     * @param free frees the native object
     */
    Lifetime(Object owner, String what, Runnable free) {
        Throwable origin = Boolean.getBoolean("octavo.trace") ? new Throwable("Allocated here") : null;
        state = new State(what, free, origin);
        cleanable = CLEANER.register(owner, state);
    }

    /** Begins a call. Throws {@link ClosedException} if the object is closed. */
    void enter() {
        if (state.calls.incrementAndGet() < 0) {
            exit();
            throw new ClosedException(state.what + " is closed");
        }
    }

    /** Ends a call that {@link #enter} let begin. */
    void exit() {
        if (state.calls.decrementAndGet() == CLOSED) {
            LockSupport.unpark(state.closer);
        }
    }

    /** Refuses further calls, waits for those under way and frees. Later calls of this do nothing. */
    void close() {
        if (state.shut()) {
            state.awaitCalls();
            state.free.run();
            cleanable.clean();
        }
    }

    boolean isClosed() {
        return state.calls.get() < 0;
    }

    /** Apart from the owner, so that the cleaner does not keep it reachable. */
    private static final class State implements Runnable {
        final String what;
        final Runnable free;
        final Throwable origin;
        final AtomicInteger calls = new AtomicInteger(); // under way; CLOSED is added when closed
        volatile Thread closer;

        State(String what, Runnable free, Throwable origin) {
            this.what = what;
            this.free = free;
            this.origin = origin;
        }

        /** Refuses calls from now on; false if somebody else did so before. */
        boolean shut() {
            return calls.getAndUpdate(n -> n < 0 ? n : n + CLOSED) >= 0;
        }

        void awaitCalls() {
            closer = Thread.currentThread();
            boolean interrupted = false;
            while (calls.get() != CLOSED) {
                LockSupport.park(this);
                interrupted |= Thread.interrupted();
            }
            if (interrupted) {
                Thread.currentThread().interrupt();
            }
        }

        /** The owner was collected. */
        @Override
        public void run() {
            if (shut()) {
                if (origin != null) {
                    LOG.log(Level.WARNING, what + " was never closed; its memory is freed now", origin);
                }
                free.run();
            }
        }
    }
}
