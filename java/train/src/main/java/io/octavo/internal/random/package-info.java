/**
 * Random numbers that are the same on any machine and any version of the JDK, for the loader and the trainer.
 *
 * <p>Not for users of the library: anything here may change. Imports nothing.
 */
package io.octavo.internal.random;
