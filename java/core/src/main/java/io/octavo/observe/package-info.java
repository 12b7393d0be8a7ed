/**
 * Observers: they watch the values of a tensor during calibration, in bounded memory, and hand down a
 * {@link io.octavo.scheme.Distribution} that a scheme is fitted to. They can be merged and saved. Imports
 * {@code tensor}, {@code scheme} and {@code internal.bind}.
 */
package io.octavo.observe;
