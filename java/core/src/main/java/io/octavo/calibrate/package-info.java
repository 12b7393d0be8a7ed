/**
 * Where to look, looking, and what was seen: {@link io.octavo.calibrate.Prepared} says which values of a float graph an
 * observer watches, {@link io.octavo.calibrate.Calibrator} runs the graph on calibration data, and
 * {@link io.octavo.calibrate.Calibration} is the result, a file if wanted. May use observe, scheme, qconfig, graph, runtime
 * and tensor; knows nothing of quantized graphs.
 */
package io.octavo.calibrate;
