package io.octavo.nn;

import io.octavo.InvalidValueException;
import io.octavo.graph.Graph;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Modules one after the other. Each is named by place and kind, {@code 0.conv}, {@code 1.relu}, or as {@link #add(String, Module)}
 * says; the name of the whole, if it has one, stands in front.
 */
public final class Sequential implements Module {
    private final List<String> names; // null: by place and kind
    private final List<Module> modules;

    private Sequential(List<String> names, List<Module> modules) {
        this.names = names;
        this.modules = modules;
        Set<String> seen = new HashSet<>();
        for (int i = 0; i < modules.size(); i++) {
            if (name(i).isEmpty() || !seen.add(name(i))) {
                throw new InvalidValueException("Sequential: the name '" + name(i) + "' of module " + i
                        + " is empty or that of another one: names are unique");
            }
        }
    }

    /** The given modules in order; none is fine as a start for {@link #add}. */
    public Sequential(Module... modules) {
        this(unnamed(modules.length), List.of(modules));
    }

    /** With one more module at the end, named by place and kind. */
    public Sequential add(Module module) {
        return append(null, module);
    }

    /** With one more module at the end, of that name. */
    public Sequential add(String name, Module module) {
        return append(name, module);
    }

    private Sequential append(String name, Module module) {
        List<String> moreNames = new ArrayList<>(names);
        List<Module> more = new ArrayList<>(modules);
        moreNames.add(name);
        more.add(module);
        return new Sequential(moreNames, List.copyOf(more));
    }

    @Override
    public String kind() {
        return "sequential";
    }

    @Override
    public String build(Graph.Builder graph, String input, Init init, String name) {
        if (modules.isEmpty()) {
            throw new InvalidValueException("Sequential '" + name + "' has no modules");
        }
        String value = input;
        for (int i = 0; i < modules.size(); i++) {
            value = modules.get(i).build(graph, value, init, name.isEmpty() ? name(i) : name + "." + name(i));
        }
        return value;
    }

    private String name(int i) {
        return names.get(i) != null ? names.get(i) : i + "." + modules.get(i).kind();
    }

    private static List<String> unnamed(int count) {
        List<String> names = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            names.add(null);
        }
        return names;
    }
}
