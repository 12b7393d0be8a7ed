/**
 * What sessions and training plans share: a graph's values and operators as native code wants them described.
 *
 * <p>Not for users of the library: anything here may change. May use {@code graph}, {@code tensor}, {@code scheme} and {@code
 * internal.bind}.
 */
package io.octavo.internal.lower;
