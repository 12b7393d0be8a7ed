package io.octavo.tensor;

import io.octavo.InvalidValueException;
import io.octavo.OctavoException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What a graph reads in one run: a tensor for each of its inputs, given by name or in the graph's order. Calibration takes any
 * sequence of these; a batch of a data loader is one.
 */
@FunctionalInterface
public interface Inputs {
    /**
     * The tensors of a graph's inputs.
     *
     * @param names the graph's inputs, in its order
     * @return one tensor a name, in the same order
     * @throws InvalidValueException if there is none for a name, or one that no name asks for: lists them
     */
    List<Tensor> tensors(List<String> names);

    /** Tensors by the names of the graph's inputs. */
    static Inputs of(Map<String, Tensor> byName) {
        Map<String, Tensor> given = new LinkedHashMap<>(byName);
        return names -> {
            if (given.size() != names.size() || !given.keySet().containsAll(names)) {
                Set<String> missing = new LinkedHashSet<>(names);
                missing.removeAll(given.keySet());
                Set<String> extra = new LinkedHashSet<>(given.keySet());
                extra.removeAll(names);
                throw new InvalidValueException("wanted are " + names + ", given " + given.keySet()
                        + (missing.isEmpty() ? "" : "; missing " + missing)
                        + (extra.isEmpty() ? "" : "; nothing is named " + extra));
            }
            List<Tensor> tensors = new ArrayList<>(names.size());
            for (String name : names) {
                tensors.add(given.get(name));
            }
            return tensors;
        };
    }

    /** Tensors in the order of the graph's inputs. */
    static Inputs of(List<Tensor> inOrder) {
        List<Tensor> given = List.copyOf(inOrder);
        return names -> {
            if (given.size() != names.size()) {
                throw new InvalidValueException("wanted are " + names + ", given " + given.size() + " tensors");
            }
            return given;
        };
    }

    /** Tensors in the order of the graph's inputs. */
    static Inputs of(Tensor... inOrder) {
        return of(List.of(inOrder));
    }

    /**
     * Hands every batch to {@code action}. However that ends, the iterator is closed if it can be, so that the thread and the
     * buffers behind it go at once.
     */
    static <T extends Inputs> void forEach(Iterable<T> batches, Consumer<? super T> action) {
        Iterator<T> iterator = batches.iterator();
        try (AutoCloseable closing = iterator instanceof AutoCloseable closeable ? closeable : () -> {}) {
            while (iterator.hasNext()) {
                action.accept(iterator.next());
            }
        } catch (RuntimeException e) {
            throw e;
        } catch (Exception e) {
            throw new OctavoException("closing the batches failed: " + e.getMessage(), e);
        }
    }
}
