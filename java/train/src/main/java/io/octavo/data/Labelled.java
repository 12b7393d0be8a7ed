package io.octavo.data;

import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.util.List;
import java.util.Map;

/** What a network reads in one run, and what it should find: a {@link Batch}, or named tensors with labels. */
public interface Labelled extends Inputs {
    /** s32 {@code [N]}, a class number for each sample. */
    Tensor labels();

    /** Labels beside tensors by the names of a graph's inputs. */
    static Labelled of(Map<String, Tensor> inputs, Tensor labels) {
        Inputs tensors = Inputs.of(inputs);
        return new Labelled() {
            @Override
            public Tensor labels() {
                return labels;
            }

            @Override
            public List<Tensor> tensors(List<String> names) {
                return tensors.tensors(names);
            }
        };
    }
}
