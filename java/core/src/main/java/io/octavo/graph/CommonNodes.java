package io.octavo.graph;

import io.octavo.scheme.QuantParams;
import io.octavo.tensor.DType;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Nodes that compute what another has computed already; small constants of the same elements are the same. */
final class CommonNodes implements Rewriting.Pattern {
    /** Bytes of constants that are compared by their elements. */
    private static final long SMALL = 256;

    /** What tells nodes apart. */
    private record Key(Op op, List<Object> inputs, int outputs, QuantParams quantization) {}

    private record Elements(DType dtype, Object shape, QuantParams quantization, ByteBuffer bytes) {}

    private final Map<Key, Node> known = new HashMap<>();
    private final Map<String, Elements> constants = new HashMap<>();

    @Override
    public boolean apply(Rewriting graph, Node node) {
        if (node.op() instanceof Op.Dropout
                || node.op() instanceof Training
                || node.outputs().contains("")) {
            return false;
        }
        List<Object> inputs = new ArrayList<>();
        for (String input : node.inputs()) {
            inputs.add(identity(graph, input));
        }
        Key key = new Key(
                node.op(),
                inputs,
                node.outputs().size(),
                graph.value(node.output()).quantization());
        Node other = known.get(key);
        if (other == null || graph.producer(other.output()) != other) {
            known.put(key, node);
            return false;
        }
        if (other == node || node.outputs().stream().anyMatch(graph::isOutput)) {
            return false;
        }
        graph.merge(node, other);
        return true;
    }

    private Object identity(Rewriting graph, String name) {
        if (name.isEmpty()) {
            return name;
        }
        Value value = graph.value(name);
        if (!value.isConstant() || value.data().byteSize() > SMALL) {
            return name;
        }
        return constants.computeIfAbsent(
                name,
                key -> new Elements(
                        value.dtype(),
                        value.shape(),
                        value.quantization(),
                        value.data().bytes()));
    }
}
