/**
 * Float graph, calibration and qconfig in, quantized graph out: pure functions.
 * {@link io.octavo.quantize.Quantization} is the front door, {@link io.octavo.quantize.Converter} the walk over the graph.
 * May use graph, scheme, qconfig and calibrate.
 */
package io.octavo.quantize;
