package io.octavo.qconfig;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;

/**
 * Which nodes of a model get which {@link QConfig}. Immutable: each setter returns a new mapping.
 *
 * <p>Names are those of the graph as it is given to be quantized, before anything is fused. A node's own entry wins over that of
 * its operator's type, and that over the global one, as in PyTorch's QConfigMapping. A null qconfig leaves the nodes it is for in
 * float. An entry that no node of the graph answers to is an error where the mapping is used.
 *
 * <p>A sum is fused into the convolution before it where their qconfigs agree about activations; otherwise both stay, each by its
 * own. A batch norm or an activation that goes into the node before it has that node's qconfig; an entry that gives it another is an
 * error. A pooling, flatten or other activation keeps the scale of its input, unless a null entry of its own or of its type leaves
 * it in float.
 */
public final class QConfigMapping {
    private final QConfig global;
    private final Map<String, QConfig> layers;
    private final Map<String, QConfig> types;

    private QConfigMapping(QConfig global, Map<String, QConfig> layers, Map<String, QConfig> types) {
        this.global = global;
        this.layers = Collections.unmodifiableMap(layers);
        this.types = Collections.unmodifiableMap(types);
    }

    /** The mapping that gives every node this qconfig; null: all stay in float. */
    public static QConfigMapping global(QConfig qconfig) {
        return new QConfigMapping(qconfig, Map.of(), Map.of());
    }

    /** This mapping with another qconfig for the node of this name; null: it stays in float. */
    public QConfigMapping layer(String nodeName, QConfig qconfig) {
        return new QConfigMapping(global, with(layers, nodeName, qconfig), types);
    }

    /**
     * This mapping with another qconfig for operators of this type, such as "Conv2d" or "Linear"; null: they stay in
     * float.
     */
    public QConfigMapping type(String opName, QConfig qconfig) {
        return new QConfigMapping(global, layers, with(types, opName, qconfig));
    }

    /** The entries for single nodes by name, in the order of their setting; null values: float. */
    public Map<String, QConfig> layers() {
        return layers;
    }

    /** The entries for types of operators, in the order of their setting; null values: float. */
    public Map<String, QConfig> types() {
        return types;
    }

    private static Map<String, QConfig> with(Map<String, QConfig> map, String key, QConfig qconfig) {
        Map<String, QConfig> changed = new LinkedHashMap<>(map);
        changed.put(Objects.requireNonNull(key, "name"), qconfig);
        return changed;
    }

    /** The qconfig of a node, or null if it stays in float. */
    public QConfig forNode(String nodeName, String opName) {
        if (layers.containsKey(nodeName)) {
            return layers.get(nodeName);
        }
        return types.containsKey(opName) ? types.get(opName) : global;
    }

    /** Whether a node has an entry of its own or of its operator's type. */
    public boolean names(String nodeName, String opName) {
        return layers.containsKey(nodeName) || types.containsKey(opName);
    }
}
