/**
 * Training: autodiff on the graph, a loss, optimizers, learning rate schedules; {@link io.octavo.train.Trainer},
 * {@link io.octavo.train.Evaluator}, and {@link io.octavo.train.Weights} to keep what was learned.
 *
 * <p>A graph goes in and a graph with other constants comes out. One step (forward, backward, update) is one native plan: one
 * crossing into native code.
 *
 * <p>May use {@code graph}, {@code nn}, {@code data}, {@code runtime}, {@code internal.bind}, {@code internal.lower}, {@code internal.random} and what these stand on.
 */
package io.octavo.train;
