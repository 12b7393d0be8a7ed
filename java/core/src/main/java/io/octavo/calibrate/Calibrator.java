package io.octavo.calibrate;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.observe.Observer;
import io.octavo.qconfig.QConfig;
import io.octavo.runtime.Session;
import io.octavo.scheme.Distribution;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;

/**
 * Runs a prepared float graph on calibration data and shows every observed value to its observer.
 *
 * <p>A batch is observed whole or, if anything in it is refused, not at all. What is observed of one sample is in memory at once;
 * batches whose observed values would take much memory go through the network in parts, unless an observer's result depends on how
 * the data is cut: with moving averages the observed values of a whole batch are in memory at once.
 *
 * <p>One thread at a time. Several calibrators of the same {@link Prepared}, on other data or machines, are merged with
 * {@link #merge}; with histogram or min-max observers the result does not depend on how the data was split.
 */
public final class Calibrator implements AutoCloseable {
    /** Bytes of inner tensors that are in memory at once. One number for all machines: parts decide the last bits of float sums. */
    static final long BUDGET = 64 << 20;

    private final Map<String, Observer> observers = new LinkedHashMap<>(); // in the order of execution
    private final Map<String, Observer> ahead = new LinkedHashMap<>(); // with what the batch under way has shown
    private final String network;
    private final List<String> names;
    private final long samplesAtOnce;
    private final Session session;
    private long images;

    /**
     * Creates one observer for each observed value, by its qconfig.
     *
     * @throws InvalidValueException if a qconfig gives an observer that another value has, that has seen data, or none
     */
    public Calibrator(Prepared prepared) {
        network = prepared.fingerprint();
        Graph graph = prepared.graph();
        names = graph.inputs().stream().map(Value::name).toList();
        Map<Observer, String> taken = new IdentityHashMap<>();
        Stream.concat(names.stream(), graph.nodes().stream().flatMap(node -> node.outputs().stream()))
                .filter(prepared.observed()::containsKey)
                .forEach(value ->
                        observers.put(value, observer(value, prepared.observed().get(value), taken)));
        samplesAtOnce = samplesAtOnce(graph);
        session = Session.builder(graph).tap(observers.keySet(), this::observe).build();
    }

    private static Observer observer(String value, QConfig qconfig, Map<Observer, String> taken) {
        Observer observer = qconfig.activationObserver().get();
        String other = observer == null ? null : taken.put(observer, value);
        if (observer == null || other != null || observer.count() > 0) {
            throw new InvalidValueException("calibration: the qconfig of value " + value + " gives "
                    + (observer == null
                            ? "no observer"
                            : other != null
                                    ? "the observer that value " + other + " has"
                                    : "an observer that has seen " + observer.count() + " elements")
                    + ": each value needs a new one of its own, as HistogramObserver::new makes them");
        }
        return observer;
    }

    /** How many samples' observed values and outputs fit the budget, at least one; all, if observers want whole batches. */
    private long samplesAtOnce(Graph graph) {
        boolean cut = graph.specialize(Map.of()).hasFreeBatch()
                && observers.values().stream().allMatch(Observer::independentOfCut);
        Set<String> held = new LinkedHashSet<>(observers.keySet());
        graph.outputs().forEach(output -> held.add(output.name()));
        names.forEach(held::remove);
        long bytes = 0;
        for (String name : cut ? held : Set.<String>of()) {
            Value value = graph.value(name);
            bytes += value.shape().elementsPerSample() * value.dtype().bytes();
        }
        return cut ? Math.max(1, BUDGET / Math.max(1, bytes)) : Long.MAX_VALUE;
    }

    private void observe(String value, Tensor tensor) {
        try {
            ahead.get(value).observe(tensor);
        } catch (NotFiniteException e) {
            throw new NotFiniteException("calibration: value " + value + ": " + e.getMessage());
        }
    }

    /**
     * Observes one batch.
     *
     * @param inputs one tensor an input, in the graph's order, F32 [n, ...] as the input asks
     * @throws NotFiniteException if an observed value holds NaN or infinity: names the first value in the order of execution that
     *     does, observed or not
     * @throws io.octavo.ShapeMismatchException if a tensor is not of its input's type and shape
     * @throws InvalidValueException if there are more or fewer tensors than inputs
     */
    public void observe(Tensor... inputs) {
        observe(Inputs.of(inputs));
    }

    /**
     * {@link #observe(Tensor...)} with tensors by the names of the graph's inputs.
     *
     * @throws InvalidValueException if an input has no tensor, or a tensor names no input
     */
    public void observe(Map<String, Tensor> inputs) {
        observe(Inputs.of(inputs));
    }

    /** Observes every batch, such as those of a data loader, and closes the iterator if it can be closed. */
    public void observe(Iterable<? extends Inputs> batches) {
        Inputs.forEach(batches, this::observe);
    }

    private void observe(Inputs batch) {
        List<Tensor> inputs = batch.tensors(names);
        long samples = inputs.isEmpty() ? 1 : samples(inputs.get(0));
        observers.forEach((value, observer) -> ahead.put(value, observer.copy()));
        if (samples > samplesAtOnce && inputs.stream().allMatch(input -> samples(input) == samples)) {
            long parts = (samples + samplesAtOnce - 1) / samplesAtOnce;
            for (long i = 0; i < parts; i++) {
                long from = i * samples / parts;
                long to = (i + 1) * samples / parts;
                run(inputs.stream().map(input -> input.slice(from, to)).toList());
            }
        } else {
            run(inputs);
        }
        observers.putAll(ahead);
        images += samples;
    }

    private static long samples(Tensor input) {
        return input.shape().rank() == 0 ? 1 : input.shape().dim(0);
    }

    private void run(List<Tensor> inputs) {
        try {
            session.run(inputs).forEach(Tensor::close);
        } catch (NotFiniteException e) {
            throw NotFiniteSearch.explain(session.graph(), inputs, e);
        }
    }

    /** Images, or samples of whatever else the network reads, that were observed so far, merged ones included. */
    public long images() {
        return images;
    }

    /**
     * Takes over what {@code other} saw.
     *
     * @throws CalibrationException if the two watch different networks or values
     * @throws io.octavo.UnsupportedException if an observer cannot be merged; both are then as before
     */
    public void merge(Calibrator other) {
        if (!network.equals(other.network)) {
            throw new CalibrationException("calibrators watch different networks, of fingerprints " + network + " and "
                    + other.network + ": merge those of one prepared graph");
        }
        if (!observers.keySet().equals(other.observers.keySet())) {
            throw new CalibrationException(
                    "calibrators watch different values: " + observers.keySet() + " and " + other.observers.keySet());
        }
        Map<String, Observer> merged = new LinkedHashMap<>();
        observers.forEach((name, observer) -> merged.put(name, observer.merge(other.observers.get(name))));
        observers.putAll(merged);
        images += other.images;
    }

    /**
     * What was seen.
     *
     * @throws CalibrationException if nothing was
     */
    public Calibration result() {
        if (images == 0) {
            throw new CalibrationException("calibration saw no data: observe at least one batch before converting");
        }
        Map<String, Distribution> seen = new LinkedHashMap<>();
        observers.forEach((name, observer) -> seen.put(name, observer.distribution()));
        return new Calibration(network, images, seen);
    }

    /** Frees the session; what was observed stays. */
    @Override
    public void close() {
        session.close();
    }
}
