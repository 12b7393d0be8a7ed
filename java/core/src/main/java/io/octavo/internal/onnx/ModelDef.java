package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * What a model file says.
 *
 * @param irVersion version of the format
 * @param opsets versions of the operators, by domain; the default domain's name is empty
 * @param producer what wrote it
 * @param graph the network
 * @param functions operators that it defines itself
 * @param metadata the exporter's own words, by key
 */
public record ModelDef(
        long irVersion,
        Map<String, Long> opsets,
        Producer producer,
        GraphDef graph,
        List<FunctionDef> functions,
        Map<String, String> metadata) {
    /**
     * What wrote a model, and what the model calls itself.
     *
     * @param name of the program
     * @param version of the program
     * @param domain of the model
     * @param modelVersion of the model
     */
    public record Producer(String name, String version, String domain, long modelVersion) {
        public Producer {
            InvalidValueException.requireNonNull(name, "name of a producer");
            InvalidValueException.requireNonNull(version, "version of a producer");
            InvalidValueException.requireNonNull(domain, "domain of a model");
        }
    }

    public ModelDef {
        opsets = Names.opsets(opsets);
        InvalidValueException.requireNonNull(producer, "producer of a model");
        InvalidValueException.requireNonNull(graph, "graph of a model");
        functions = List.copyOf(functions);
        metadata = Names.sorted(metadata, "metadata");
        Set<List<String>> defined = new HashSet<>();
        for (FunctionDef function : functions) {
            if (!defined.add(List.of(function.domain(), function.name(), function.overload()))) {
                throw new InvalidValueException("function " + Quoted.of(function.name()) + " of domain "
                        + Quoted.of(function.domain()) + " occurs twice");
            }
        }
    }
}
