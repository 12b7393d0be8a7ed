package io.octavo.runtime;

import io.octavo.graph.Graph;
import io.octavo.graph.Value;
import io.octavo.tensor.Tensor;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** The inner tensors that a session delivers, and where each comes from: a plan's buffer, or the caller's own tensor. */
final class Taps {
    private enum Source {
        INPUT,
        OUTPUT,
        INNER,
        CONSTANT
    }

    private record Tap(String name, Value value, Source source, int index) {}

    private final List<Tap> taps = new ArrayList<>();
    private final List<Value> inner = new ArrayList<>(); // by index of an INNER tap's tensor
    private final List<Integer> innerSlots = new ArrayList<>();
    private final TapListener listener;

    Taps(
            Graph graph,
            List<Value> inputs,
            int[] outputSlots,
            List<String> slots,
            Collection<String> names,
            TapListener listener) {
        this.listener = listener;
        for (String name : names) {
            String resolved = GraphLowering.resolve(graph, name);
            int input = inputs.stream().map(Value::name).toList().indexOf(resolved);
            Value value = input >= 0 ? inputs.get(input) : graph.value(resolved);
            int slot = slots.indexOf(resolved);
            int output = slot < 0 ? -1 : indexOf(outputSlots, slot);
            if (input >= 0) {
                taps.add(new Tap(name, value, Source.INPUT, input));
            } else if (value.isConstant()) {
                taps.add(new Tap(name, value, Source.CONSTANT, -1));
            } else if (output >= 0) {
                taps.add(new Tap(name, value, Source.OUTPUT, output));
            } else {
                int known = innerSlots.indexOf(slot);
                if (known < 0) {
                    known = inner.size();
                    inner.add(value);
                    innerSlots.add(slot);
                }
                taps.add(new Tap(name, value, Source.INNER, known));
            }
        }
    }

    /** Gives the call buffers for the inner tensors of so many samples. */
    void prepare(Calls.Call call, long batch) {
        if (call.tapped == null || call.tappedBatch != batch) {
            call.close();
            call.tapped = new Tensor[inner.size()];
            for (int i = 0; i < call.tapped.length; i++) {
                call.tapped[i] = Tensor.zeros(inner.get(i).dtype(), Program.shape(inner.get(i), batch));
            }
            call.tappedBatch = batch;
        }
        for (int i = 0; i < call.tapped.length; i++) {
            call.outputs.set(innerSlots.get(i), call.tapped[i]);
        }
    }

    void deliver(Calls.Call call, List<Tensor> inputs, List<Tensor> outputs) {
        for (Tap tap : taps) {
            Tensor tensor =
                    switch (tap.source) {
                        case INPUT -> inputs.get(tap.index);
                        case OUTPUT -> outputs.get(tap.index);
                        case INNER -> call.tapped[tap.index];
                        case CONSTANT -> tap.value.data();
                    };
            listener.accept(tap.name, tensor);
        }
    }

    private static int indexOf(int[] array, int wanted) {
        for (int i = 0; i < array.length; i++) {
            if (array[i] == wanted) {
                return i;
            }
        }
        return -1;
    }
}
