/**
 * Image data sets held in memory with the loader that turns them into batches, and samples of any kind from files.
 *
 * <p>A {@link io.octavo.data.Dataset} hands out images as bytes in channel, row, column order with their labels;
 * {@link io.octavo.data.Datasets} finds one; {@link io.octavo.data.DataLoader} shuffles, flips, normalizes and batches it.
 * Formats: {@link io.octavo.data.Cifar10}, {@link io.octavo.data.ImageFolder}, {@link io.octavo.data.IdxDataset}.
 *
 * <p>{@link io.octavo.data.Samples} reads what a network takes from pictures, {@code .npy} and {@code .npz} files and ONNX's tensors;
 * {@link io.octavo.data.ImageTransform} says how pictures become tensors.
 *
 * <p>May use {@code io.octavo}, {@code tensor}, {@code internal.onnx} and {@code internal.random}; knows no model.
 */
package io.octavo.data;
