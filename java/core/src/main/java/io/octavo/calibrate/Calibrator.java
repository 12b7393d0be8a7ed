package io.octavo.calibrate;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;
import io.octavo.NotFiniteException;
import io.octavo.graph.Value;
import io.octavo.observe.Observer;
import io.octavo.runtime.Session;
import io.octavo.scheme.Distribution;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Runs a prepared float graph on calibration data and shows every observed value to its observer.
 *
 * <p>One thread at a time. Several calibrators of the same {@link Prepared}, on other data or machines, are merged with
 * {@link #merge}; with histogram or min-max observers the result does not depend on how the data was split.
 */
public final class Calibrator implements AutoCloseable {
    private final Map<String, Observer> observers = new LinkedHashMap<>();
    private final String network;
    private final List<String> names;
    private final Session session;
    private long images;

    /**
     * Creates one observer for each observed value, by its qconfig.
     *
     * @throws InvalidValueException if a qconfig gives an observer that another value has, that has seen data, or none
     */
    public Calibrator(Prepared prepared) {
        network = prepared.fingerprint();
        Map<Observer, String> taken = new IdentityHashMap<>();
        prepared.observed().forEach((value, qconfig) -> {
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
            observers.put(value, observer);
        });
        names = prepared.graph().inputs().stream().map(Value::name).toList();
        session = Session.builder(prepared.graph())
                .tap(Set.copyOf(observers.keySet()), this::observe)
                .build();
    }

    private void observe(String value, Tensor tensor) {
        try {
            observers.get(value).observe(tensor);
        } catch (NotFiniteException e) {
            throw new NotFiniteException("calibration: value " + value + ": " + e.getMessage());
        }
    }

    /**
     * Observes one batch.
     *
     * @param inputs one tensor an input, in the graph's order, F32 [n, ...] as the input asks
     * @throws NotFiniteException if an inner tensor holds NaN, naming it
     */
    public void observe(Tensor... inputs) {
        observe(Inputs.of(inputs));
    }

    /** {@link #observe(Tensor...)} with tensors by the names of the graph's inputs. */
    public void observe(Map<String, Tensor> inputs) {
        observe(Inputs.of(inputs));
    }

    /** Observes every batch, such as those of a data loader. */
    public void observe(Iterable<? extends Inputs> batches) {
        for (Inputs batch : batches) {
            observe(batch);
        }
    }

    private void observe(Inputs batch) {
        List<Tensor> inputs = batch.tensors(names);
        session.run(inputs);
        images += inputs.get(0).shape().dim(0);
    }

    /** Images observed so far, merged ones included. */
    public long images() {
        return images;
    }

    /**
     * Takes over what {@code other} saw.
     *
     * @throws CalibrationException if the two watch different networks or values
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
        observers.replaceAll((name, observer) -> observer.merge(other.observers.get(name)));
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
