package io.octavo.data;

import io.octavo.tensor.Tensor;

/**
 * Some images with their labels. How long the tensors may be used is for the one who hands the batch out to say: see
 * {@link DataLoader}.
 *
 * @param images f32 {@code [N, C, H, W]}, normalized
 * @param labels s32 {@code [N]}, each a class number
 */
public record Batch(Tensor images, Tensor labels) {
    /** How many images the batch holds. */
    public int size() {
        return (int) images.shape().dim(0);
    }
}
