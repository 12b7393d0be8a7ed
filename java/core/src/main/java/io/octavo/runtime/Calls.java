package io.octavo.runtime;

import io.octavo.internal.bind.Pointers;
import io.octavo.tensor.Tensor;
import java.util.concurrent.atomic.AtomicReferenceArray;

/**
 * The memory of runs that is kept from one to the next, so that a steady state allocates nothing: as many pieces as runs were
 * under way at once, up to a limit; beyond it pieces are made and dropped.
 */
final class Calls {
    private static final int LIMIT = 64;

    /** What one run needs. */
    static final class Call {
        final Pointers inputs;
        final Pointers outputs;
        Tensor[] tapped; // null: no taps, or none so far
        long tappedBatch;

        Call(int inputs, int outputs) {
            this.inputs = new Pointers(inputs);
            this.outputs = new Pointers(outputs);
        }

        /** Closes the tensors of the taps. */
        void close() {
            for (int i = 0; tapped != null && i < tapped.length; i++) {
                tapped[i].close();
            }
            tapped = null;
        }
    }

    private final AtomicReferenceArray<Call> free = new AtomicReferenceArray<>(LIMIT);
    private final int inputs;
    private final int outputs;

    Calls(int inputs, int outputs) {
        this.inputs = inputs;
        this.outputs = outputs;
    }

    Call take() {
        for (int i = 0; i < LIMIT; i++) {
            if (free.getPlain(i) != null) {
                Call call = free.getAndSet(i, null);
                if (call != null) {
                    return call;
                }
            }
        }
        return fresh();
    }

    /** A piece that is not shared with other runs. */
    Call fresh() {
        return new Call(inputs, outputs);
    }

    /** Takes a piece back; the caller's tensors in it are forgotten. */
    void give(Call call) {
        call.inputs.clear();
        call.outputs.clear();
        for (int i = 0; i < LIMIT; i++) {
            if (free.getPlain(i) == null && free.compareAndSet(i, null, call)) {
                return;
            }
        }
    }

    /** Lets go of what no run uses now. */
    void clear() {
        for (int i = 0; i < LIMIT; i++) {
            Call call = free.getAndSet(i, null);
            if (call != null) {
                call.close();
            }
        }
    }
}
