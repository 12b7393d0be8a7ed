/**
 * Image data sets held in memory, and the loader that turns them into batches.
 *
 * <p>A {@link io.octavo.data.Dataset} hands out images as bytes in channel, row, column order with their labels;
 * {@link io.octavo.data.Datasets} finds one; {@link io.octavo.data.DataLoader} shuffles, flips, normalizes and batches it.
 * Formats: {@link io.octavo.data.Cifar10}, {@link io.octavo.data.ImageFolder}, {@link io.octavo.data.IdxDataset}.
 *
 * <p>May use {@code io.octavo}, {@code tensor} and {@code internal.random}; knows no model.
 */
package io.octavo.data;
