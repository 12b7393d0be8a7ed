package io.octavo.internal.onnx;

import io.octavo.InvalidValueException;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/** What holds of the names in every list of a file. */
final class Names {
    private Names() {}

    /** A name that must be there. */
    static void require(String name, String what) {
        if (InvalidValueException.requireNonNull(name, "name of " + what).isEmpty()) {
            throw new InvalidValueException(what + " has no name");
        }
    }

    /** Adds a name to those seen before. */
    static void once(Set<String> seen, String name, String what) {
        if (!seen.add(name)) {
            throw new InvalidValueException(what + " " + Quoted.of(name) + " occurs twice");
        }
    }

    /** Names of which each occurs once and none is empty. */
    static List<String> distinct(List<String> names, String what) {
        Set<String> seen = new HashSet<>();
        for (String name : names) {
            require(name, what);
            once(seen, name, what);
        }
        return List.copyOf(names);
    }

    /** Every value of a graph has one origin: it is an input, or a constant, or an output of one node. */
    static void requireOneOrigin(Set<String> given, List<NodeDef> nodes) {
        Set<String> made = new HashSet<>();
        for (NodeDef node : nodes) {
            for (String output : node.outputs()) {
                if (!output.isEmpty() && (given.contains(output) || !made.add(output))) {
                    throw new InvalidValueException(node + " makes value " + Quoted.of(output)
                            + ", which is an input, an initializer or another node's output already");
                }
            }
        }
    }

    /** An unmodifiable copy in the order of the names, which is the order that files are written in. */
    static <T> Map<String, T> sorted(Map<String, T> map, String what) {
        if (map.isEmpty()) {
            return Map.of();
        }
        Map<String, T> copy = new TreeMap<>(map);
        copy.forEach((name, value) -> InvalidValueException.requireNonNull(value, what + " " + Quoted.of(name)));
        return Collections.unmodifiableMap(copy);
    }

    /** The default domain has two names in files and one here: the empty one. */
    static String domain(String domain) {
        return domain.equals("ai.onnx") ? "" : domain;
    }

    /** Versions by domain, with one name for the default domain. */
    static Map<String, Long> opsets(Map<String, Long> opsets) {
        Map<String, Long> versions = new TreeMap<>();
        for (Map.Entry<String, Long> entry : opsets.entrySet()) {
            Long other = versions.put(domain(entry.getKey()), entry.getValue());
            if (other != null && !other.equals(entry.getValue())) {
                throw new InvalidValueException("the opset of domain " + Quoted.of(domain(entry.getKey())) + " is both "
                        + other + " and " + entry.getValue());
            }
        }
        return sorted(versions, "opset of domain");
    }
}
