/**
 * How a model is to be quantized: an observer and a scheme for activations, a scheme and granularity for weights, and
 * which nodes get which. Values only, named as in PyTorch. Imports {@code scheme} and {@code observe}.
 */
package io.octavo.qconfig;
