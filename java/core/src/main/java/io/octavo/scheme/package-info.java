/**
 * Quantization schemes as codecs: how real numbers become integer codes of 2 to 8 bits and back.
 *
 * <p>A {@link io.octavo.scheme.Scheme} fits {@link io.octavo.scheme.QuantParams} to a tensor or to an observed
 * {@link io.octavo.scheme.Distribution}; a {@link io.octavo.scheme.QuantizedTensor} is codes and parameters together.
 * Imports {@code tensor} and {@code internal.bind}; knows neither graphs nor observers.
 */
package io.octavo.scheme;
