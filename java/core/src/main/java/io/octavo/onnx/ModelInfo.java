package io.octavo.onnx;

import io.octavo.internal.onnx.ModelDef;
import io.octavo.internal.onnx.NodeDef;
import io.octavo.internal.onnx.TensorDef;
import java.util.Collections;
import java.util.Map;
import java.util.TreeMap;

/**
 * What an ONNX file says of itself, whether or not its operators are supported.
 *
 * @param producer name and version of the program that wrote it; may be empty
 * @param irVersion version of the file format
 * @param opsets versions of the operators by domain, sorted; the default domain's name is empty
 * @param operators how many nodes there are of each operator, sorted by name; those of other domains as {@code domain.Name}
 * @param parameters elements of all initializers
 * @param parameterBytes bytes of all initializers
 */
public record ModelInfo(
        String producer,
        long irVersion,
        Map<String, Long> opsets,
        Map<String, Integer> operators,
        long parameters,
        long parameterBytes) {
    /** Copies the maps, keeping their order. */
    public ModelInfo {
        opsets = Collections.unmodifiableMap(new TreeMap<>(opsets));
        operators = Collections.unmodifiableMap(new TreeMap<>(operators));
    }

    static ModelInfo of(ModelDef model) {
        Map<String, Integer> operators = new TreeMap<>();
        for (NodeDef node : model.graph().nodes()) {
            operators.merge(
                    node.domain().isEmpty() ? node.opType() : node.domain() + "." + node.opType(), 1, Integer::sum);
        }
        ModelDef.Producer producer = model.producer();
        return new ModelInfo(
                (producer.name() + " " + producer.version()).strip(),
                model.irVersion(),
                model.opsets(),
                operators,
                model.graph().initializers().stream()
                        .mapToLong(TensorDef::elements)
                        .sum(),
                model.graph().initializers().stream()
                        .mapToLong(TensorDef::rawBytes)
                        .sum());
    }

    /** Nodes of all operators. */
    public int nodes() {
        return operators.values().stream().mapToInt(Integer::intValue).sum();
    }
}
