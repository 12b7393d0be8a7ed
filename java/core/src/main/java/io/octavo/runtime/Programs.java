package io.octavo.runtime;

import io.octavo.ClosedException;
import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.UnsupportedException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.internal.bind.SharedWeights;
import io.octavo.tensor.Shape;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Predicate;

/**
 * The programs of a session whose graph has unknown dimensions, or inputs that say shapes and the like: one is made when inputs come that
 * no other takes, and the one
 * that was not used for longest goes when there are too many. They share their packed weights. Where a program's batch is free it serves
 * all batches.
 */
final class Programs {
    private final Recipe recipe;
    private final int most;
    private final Set<String> parameters = new HashSet<>(); // inputs whose elements a plan is made for
    private final SharedWeights weights = new SharedWeights();
    private final AtomicLong uses = new AtomicLong();
    private volatile Program[] programs = new Program[0];
    private volatile boolean batchIsFree; // as far as is known
    private boolean closed; // guarded by this

    Programs(Recipe recipe, int most) {
        this.recipe = recipe;
        this.most = most;
        recipe.graph().parameterInputs().forEach(input -> parameters.add(input.name()));
        List<Value> inputs = new ArrayList<>(recipe.graph().inputs());
        inputs.removeIf(input -> parameters.contains(input.name()));
        batchIsFree = inputs.stream()
                .allMatch(input -> input.shape().hasBatch()
                        && input.shape()
                                .dimension(0)
                                .equals(inputs.get(0).shape().dimension(0)));
    }

    /** Whether a graph takes one program for all that may come: it has no unknown dimensions but a free batch, and no parameters. */
    static boolean isOneEnough(Graph graph) {
        boolean known = graph.inputs().stream().allMatch(input -> input.shape().isKnown());
        return (known || graph.hasFreeBatch()) && graph.parameterInputs().isEmpty();
    }

    /** The program for one input, in use: {@link Program#exit} follows. */
    Program enter(Tensor x) {
        for (Program program : programs) {
            if (program.takes(0, x) && program.enter()) {
                program.used(uses.incrementAndGet());
                return program;
            }
        }
        return make(List.of(x));
    }

    /** The program for these inputs, in use: {@link Program#exit} follows. */
    Program enter(List<Tensor> in) {
        for (Program program : programs) {
            if (program.takes(in) && program.enter()) {
                program.used(uses.incrementAndGet());
                return program;
            }
        }
        return make(in);
    }

    private Program make(List<Tensor> in) {
        List<Value> inputs = recipe.graph().inputs();
        Map<String, Shape> shapes = new LinkedHashMap<>();
        Map<String, Tensor> fixed = new LinkedHashMap<>();
        for (int i = 0; i < in.size(); i++) {
            Value input = inputs.get(i);
            if (in.get(i).dtype() != input.dtype()) {
                throw new ShapeMismatchException("Input '" + input.name() + "' of graph '"
                        + recipe.graph().name() + "' is " + input.dtype() + " " + input.shape() + ", given: "
                        + in.get(i));
            }
            if (parameters.contains(input.name())) {
                fixed.put(input.name(), in.get(i).copy());
            } else {
                shapes.put(input.name(), in.get(i).shape());
            }
        }
        return enter(program -> program.takes(in), shapes, fixed);
    }

    /**
     * The program for inputs of these shapes, in use: {@link Program#exit} follows.
     *
     * @throws InvalidValueException if shapes are not enough
     */
    Program enter(Map<String, Shape> shapes) {
        if (!parameters.isEmpty()) {
            throw new InvalidValueException("Graph '" + recipe.graph().name()
                    + "' has a plan for the elements of its inputs " + parameters + ", not for shapes alone: run it");
        }
        return enter(program -> program.takes(shapes), shapes, Map.of());
    }

    private Program enter(Predicate<Program> fits, Map<String, Shape> shapes, Map<String, Tensor> fixed) {
        Program made;
        Program old = null;
        synchronized (this) {
            if (closed) {
                throw new ClosedException("Session of graph '" + recipe.graph().name() + "' is closed");
            }
            for (Program program : programs) {
                if (fits.test(program) && program.enter()) {
                    program.used(uses.incrementAndGet());
                    return program;
                }
            }
            made = new Program(recipe, special(shapes, fixed), fixed, weights);
            made.enter();
            made.used(uses.incrementAndGet());
            List<Program> all = new ArrayList<>(Arrays.asList(programs));
            if (all.size() == most) {
                old = all.stream()
                        .min((a, b) -> Long.compare(a.used(), b.used()))
                        .get();
                all.remove(old);
            }
            all.add(made);
            programs = all.toArray(Program[]::new);
        }
        if (old != null) {
            old.retire();
        }
        return made;
    }

    /** The graph for these shapes, with a free batch if it has one then. */
    private Graph special(Map<String, Shape> shapes, Map<String, Tensor> fixed) {
        Graph known = recipe.graph().specialize(shapes, fixed);
        if (!batchIsFree) {
            return known;
        }
        Map<String, Shape> samples = new LinkedHashMap<>();
        shapes.forEach((name, shape) -> samples.put(name, shape.withBatch(Shape.N)));
        try {
            Graph free = recipe.graph().specialize(samples, fixed);
            if (free.hasFreeBatch()) {
                return free;
            }
        } catch (ShapeMismatchException | UnsupportedException e) {
            // A node insists on the number.
        }
        batchIsFree = false;
        return known;
    }

    /** Bytes of the weights that all programs have packed, each once. */
    long weightBytes() {
        return weights.memory().bytes();
    }

    int count() {
        return programs.length;
    }

    /** The program that was used last; null if there is none. */
    Program latest() {
        Program latest = null;
        for (Program program : programs) {
            latest = latest == null || program.used() > latest.used() ? program : latest;
        }
        return latest;
    }

    /** Waits for runs under way, then frees all. Harmless when repeated. */
    void close() {
        Program[] all;
        synchronized (this) {
            closed = true;
            all = programs;
        }
        for (Program program : all) {
            program.close();
        }
        weights.close();
    }
}
