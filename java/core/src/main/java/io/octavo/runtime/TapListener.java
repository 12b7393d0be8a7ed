package io.octavo.runtime;

import io.octavo.tensor.Tensor;

/** Receives inner tensors after each run. Called by the thread that runs; several runs at once call it from several threads. */
@FunctionalInterface
public interface TapListener {
    /**
     * What this throws, the run throws, after the outputs are written.
     *
     * @param value name of the graph's value
     * @param tensor its elements, {@code [N, C, H, W]} for images, codes where it is quantized; valid during this call only, so
     *     that whoever keeps it copies it
     */
    void accept(String value, Tensor tensor);
}
