/**
 * What quantization cost and gained, as records. May use every package of the core but onnx.
 */
package io.octavo.analyze;
