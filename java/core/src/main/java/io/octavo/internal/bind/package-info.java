/**
 * The only room that calls native code: loading, status to exception, handles that close, typed calls of the C interface.
 *
 * <p>Not for users of the library: anything here may change. May use the generated {@code io.octavo.natives} and {@code tensor}.
 */
package io.octavo.internal.bind;
