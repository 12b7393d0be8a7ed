/**
 * The one representation of a network: nodes and the values between them, float or quantized, with shape inference and the
 * passes that are true of any graph. Training, calibration, quantization and execution all work on it.
 *
 * <p>Everything here is immutable and pure Java: a graph is described, not run. May use {@code tensor} and {@code scheme}.
 */
package io.octavo.graph;
