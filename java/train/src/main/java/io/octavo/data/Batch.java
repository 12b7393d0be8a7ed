package io.octavo.data;

import io.octavo.InvalidValueException;
import io.octavo.tensor.Tensor;
import java.util.List;

/**
 * Some images with their labels. How long the tensors may be used is for the one who hands the batch out to say: see
 * {@link DataLoader}.
 *
 * @param images f32 {@code [N, C, H, W]}, normalized
 * @param labels s32 {@code [N]}, each a class number
 */
public record Batch(Tensor images, Tensor labels) implements Labelled {
    /** How many images the batch holds. */
    public int size() {
        return (int) images.shape().dim(0);
    }

    /**
     * The images, for a graph's only input.
     *
     * @throws InvalidValueException if the graph has more inputs
     */
    @Override
    public List<Tensor> tensors(List<String> names) {
        if (names.size() != 1) {
            throw new InvalidValueException("A batch of images is one input; the graph reads " + names.size() + ": "
                    + names + "; give it tensors by name");
        }
        return List.of(images);
    }
}
