/**
 * Running a graph: a session lowers it once to a native plan and then crosses into native code once a run; taps deliver inner
 * tensors to a callback; an explanation says how each node runs.
 *
 * <p>May use {@code graph}, {@code tensor}, {@code internal.bind} and {@code internal.lower}. Knows no observer and no data set.
 */
package io.octavo.runtime;
