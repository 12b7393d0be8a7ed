/**
 * ONNX models as graphs. {@link io.octavo.onnx.Onnx} reads a file; many names of the format become few operators of {@link
 * io.octavo.graph.Op}, so that what runs, quantizes and trains a graph never learns where it came from.
 */
package io.octavo.onnx;
