/**
 * Octavo: quantization toolkit and int8 inference library of the JVM.
 *
 * <p>Here live the errors that every package throws, and the version. Imports nothing.
 */
package io.octavo;
