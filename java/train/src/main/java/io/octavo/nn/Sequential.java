package io.octavo.nn;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Layers one after the other. Each is named by place and kind, {@code 0.conv}, {@code 1.relu}, or as {@link #add(String, Layer)}
 * says; the name of the whole, if it has one, stands in front.
 */
public final class Sequential implements Layer {
    private final List<String> names; // null: by place and kind
    private final List<Layer> layers;

    private Sequential(List<String> names, List<Layer> layers) {
        this.names = names;
        this.layers = layers;
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < layers.size(); i++) {
            if (name(i).isEmpty() || !seen.add(name(i))) {
                throw new InvalidValueException("Sequential: the name '" + name(i) + "' of layer " + i
                        + " is empty or that of another one: names are unique");
            }
        }
    }

    /** The given layers in order; none is fine as a start for {@link #add}. */
    public Sequential(Layer... layers) {
        this(unnamed(layers.length), List.of(layers));
    }

    /** With one more layer at the end, named by place and kind. */
    public Sequential add(Layer layer) {
        return append(null, layer);
    }

    /** With one more layer at the end, of that name. */
    public Sequential add(String name, Layer layer) {
        return append(name, layer);
    }

    private Sequential append(String name, Layer layer) {
        List<String> moreNames = new ArrayList<>(names);
        List<Layer> more = new ArrayList<>(layers);
        moreNames.add(name);
        more.add(layer);
        return new Sequential(moreNames, List.copyOf(more));
    }

    @Override
    public String kind() {
        return "sequential";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        if (layers.isEmpty()) {
            throw new InvalidValueException("Sequential '" + name + "' has no layers");
        }
        String value = input;
        for (int i = 0; i < layers.size(); i++) {
            value = layers.get(i).build(graph, value, init, name.isEmpty() ? name(i) : name + "." + name(i));
        }
        return value;
    }

    private String name(int i) {
        return names.get(i) != null ? names.get(i) : i + "." + layers.get(i).kind();
    }

    private static List<String> unnamed(int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(null);
        }
        return names;
    }
}
