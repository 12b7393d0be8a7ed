/**
 * The layers of a network as a program writes them, with PyTorch's names, defaults and initialization. A layer builds
 * nodes of a {@code graph.Graph} and holds no weights of its own.
 *
 * <p>May use {@code graph} (and the tensors in it).
 */
package io.octavo.nn;
