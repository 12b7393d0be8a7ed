package io.octavo.data;

import io.octavo.ClosedException;
import io.octavo.OctavoException;
import java.lang.ref.Cleaner;
import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;

/**
 * One pass over the data of a {@link DataLoader}. A batch holds until the next call of {@link #next} or {@link #close}. Not for
 * use by several threads at the same time.
 */
public final class BatchIterator implements Iterator<Batch>, AutoCloseable {
    private static final Cleaner CLEANER = Cleaner.create();

    private final BatchMaker maker;
    private final int batches;
    private final Ring ring; // null: without a thread
    private final Cleaner.Cleanable stop;
    private Batch memory; // without a thread: what every batch is made in
    private Ring.Made current;
    private int next;
    private boolean closed;

    BatchIterator(BatchMaker maker, int prefetch) {
        this.maker = maker;
        this.batches = maker.batches();
        if (prefetch == 0 || batches == 0) {
            this.ring = null;
            this.stop = () -> {};
        } else {
            this.ring = new Ring(maker, prefetch);
            Thread thread = new Thread(ring, "octavo-data-loader");
            thread.setDaemon(true);
            thread.start();
            // The thread knows the ring, not this object: so a pass that is forgotten can be collected, and then ends
            // its thread.
            this.stop = CLEANER.register(this, thread::interrupt);
        }
    }

    @Override
    public boolean hasNext() {
        return !closed && next < batches;
    }

    /**
     * The next batch; the one before it is no longer valid.
     *
     * @throws NoSuchElementException after the last
     * @throws ClosedException after {@link #close}
     * @throws OctavoException if this thread is interrupted while it waits
     * @throws RuntimeException what the data set threw, if it did; an Error likewise
     */
    @Override
    public Batch next() {
        if (closed) {
            throw new ClosedException("This pass over a data loader is closed");
        }
        if (next >= batches) {
            throw new NoSuchElementException("after the last of " + batches + " batches");
        }
        Batch batch = ring == null ? makeHere() : take();
        next++;
        return batch;
    }

    /** Ends the pass and its thread. Harmless when repeated. */
    @Override
    public void close() {
        closed = true;
        stop.clean();
    }

    private Batch makeHere() {
        if (memory == null) {
            memory = maker.allocate();
        }
        return maker.make(next, memory);
    }

    private Batch take() {
        try {
            if (current != null) {
                ring.free.add(current.memory());
                current = null;
            }
            current = ring.made.take();
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new OctavoException("interrupted while waiting for a batch", e);
        }
        if (current.failure() == null) {
            return current.batch();
        }
        close();
        if (current.failure() instanceof Error error) {
            throw error;
        }
        throw (RuntimeException) current.failure();
    }

    /** The buffers and the thread that fills them: bounded, since a batch is only begun when a buffer is free. */
    private static final class Ring implements Runnable {
        /** A batch, the memory that it is made in, or what went wrong instead. */
        record Made(Batch batch, Batch memory, Throwable failure) {}

        private final BatchMaker maker;
        final BlockingQueue<Batch> free;
        final BlockingQueue<Made> made;

        Ring(BatchMaker maker, int prefetch) {
            this.maker = maker;
            int buffers = Math.min(prefetch + 1, Math.max(1, maker.batches())); // one more: the consumer holds one
            this.free = new ArrayBlockingQueue<>(buffers);
            this.made = new ArrayBlockingQueue<>(buffers + 1);
            for (int i = 0; i < buffers; i++) {
                free.add(maker.allocate());
            }
        }

        /** However this ends early, whoever waits for a batch learns of it; there is room for that in the queue. */
        @Override
        public void run() {
            try {
                for (int i = 0; i < maker.batches(); i++) {
                    Batch memory = free.take();
                    made.add(new Made(maker.make(i, memory), memory, null));
                }
            } catch (InterruptedException e) {
                // Nobody waits if the pass was closed; otherwise the data set interrupted its own thread.
                made.add(new Made(null, null, new OctavoException("the thread that makes batches was interrupted", e)));
            } catch (RuntimeException | Error e) {
                made.add(new Made(null, null, e));
            }
        }
    }
}
