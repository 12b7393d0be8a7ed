package io.octavo.train;

import io.octavo.graph.Node;
import io.octavo.graph.Value;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A training step as nodes in running order: forward pass, loss, gradients, optimizer. What {@link Autodiff} makes of a graph and
 * {@link TrainingPlan} hands to native code.
 *
 * @param values all values by name, in the order of their making. Constants with data are states if {@link #states} has them
 * @param nodes in running order
 * @param inputs names of the values given to each step: images, labels, hyper-parameters, then a counter for each dropout
 * @param outputs names of the values that a step gives back: loss, number of correct rows
 * @param states names of the values that a step changes and the plan keeps: parameters, running statistics, the optimizer's own
 * @param parameters names of the states that gradients move
 * @param gradients parameter to the name of its gradient
 */
record TrainingProgram(
        Map<String, Value> values,
        List<Node> nodes,
        List<String> inputs,
        List<String> outputs,
        List<String> states,
        List<String> parameters,
        Map<String, String> gradients) {
    TrainingProgram {
        values = new LinkedHashMap<>(values);
        nodes = List.copyOf(nodes);
        inputs = List.copyOf(inputs);
        outputs = List.copyOf(outputs);
        states = List.copyOf(states);
        parameters = List.copyOf(parameters);
        gradients = new LinkedHashMap<>(gradients);
    }
}
