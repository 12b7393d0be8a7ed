/**
 * Tensors: element types, shapes, and memory that native code reads and writes without a copy.
 *
 * <p>What a tensor holds is plain numbers; what quantized codes mean is said by {@code io.octavo.scheme}. Imports nothing but
 * the errors of {@code io.octavo}: no native library is needed to make, read or write a tensor.
 */
package io.octavo.tensor;
