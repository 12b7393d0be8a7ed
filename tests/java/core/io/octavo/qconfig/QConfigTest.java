package io.octavo.qconfig;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.octavo.InvalidValueException;
import io.octavo.observe.HistogramObserver;
import io.octavo.observe.MinMaxObserver;
import io.octavo.scheme.Clipping;
import io.octavo.scheme.Granularity;
import io.octavo.scheme.KMeans;
import io.octavo.scheme.Uniform;
import io.octavo.tensor.DType;
import org.junit.jupiter.api.Test;

class QConfigTest {

    @Test
    void fbgemmIsPytorchsDefault() {
        QConfig q = QConfig.getDefault("fbgemm");
        assertInstanceOf(HistogramObserver.class, q.activationObserver().get());
        assertNotSame(q.activationObserver().get(), q.activationObserver().get());
        assertEquals(new Clipping(8, DType.U8, false, true, Clipping.Range.PYTORCH_L2), q.activation());
        assertEquals(Uniform.weights(8), q.weight());
        assertEquals(Granularity.perChannel(0), q.weightGranularity());
    }

    @Test
    void theOtherEnginesDifferWherePytorchsDo() {
        assertEquals(
                QConfig.getDefault("fbgemm").activation(),
                QConfig.getDefault("x86").activation());
        assertEquals(
                new Clipping(8, DType.U8, false, false, Clipping.Range.PYTORCH_L2),
                QConfig.getDefault("onednn").activation());
        assertEquals(Granularity.perTensor(), QConfig.getDefault("qnnpack").weightGranularity());
    }

    @Test
    void octavosOwnUsesAllBitsAndChannels() {
        QConfig q = QConfig.getDefault("octavo");
        assertInstanceOf(HistogramObserver.class, q.activationObserver().get());
        assertEquals(Clipping.activations(8), q.activation());
        assertEquals(Clipping.weights(8), q.weight());
        assertEquals(Granularity.perChannel(0), q.weightGranularity());
    }

    @Test
    void anUnknownNameListsTheKnownOnes() {
        InvalidValueException e = assertThrows(InvalidValueException.class, () -> QConfig.getDefault("FBGEMM"));
        assertTrue(e.getMessage().contains("octavo, fbgemm, x86, onednn, qnnpack"), e.getMessage());
        assertThrows(InvalidValueException.class, () -> QConfig.getDefault(null));
    }

    @Test
    void partsAreReplaced() {
        QConfig q = QConfig.getDefault("fbgemm")
                .withWeight(KMeans.of(4), Granularity.perGroup(32))
                .withActivation(MinMaxObserver::new, Uniform.activations(8));
        assertEquals(KMeans.of(4), q.weight());
        assertEquals(Granularity.perGroup(32), q.weightGranularity());
        assertInstanceOf(MinMaxObserver.class, q.activationObserver().get());
        assertThrows(NullPointerException.class, () -> q.withWeight(null, Granularity.perTensor()));
    }

    @Test
    void weightOnlyLooksAtNoActivations() {
        QConfig q = QConfig.weightOnly(Uniform.weights(4), Granularity.perGroup(64));
        assertTrue(q.isWeightOnly());
        assertFalse(QConfig.getDefault("fbgemm").isWeightOnly());
        assertTrue(q.withWeight(KMeans.of(4), Granularity.perChannel(0)).isWeightOnly());
        assertThrows(NullPointerException.class, () -> q.withActivation(null, Uniform.activations(8)));
    }

    @Test
    void aNodesOwnEntryWinsOverItsTypes() {
        QConfig a = QConfig.getDefault("fbgemm");
        QConfig b = a.withWeight(Uniform.weights(4), Granularity.perChannel(0));
        QConfigMapping mapping =
                QConfigMapping.global(a).type("Linear", b).layer("fc3", null).layer("fc1", a);
        assertSame(a, mapping.forNode("conv1", "Conv2d"));
        assertSame(b, mapping.forNode("fc2", "Linear"));
        assertNull(mapping.forNode("fc3", "Linear"));
        assertSame(a, mapping.forNode("fc1", "Linear"));
        assertNull(QConfigMapping.global(null).forNode("x", "Add"));
        assertSame(a, QConfigMapping.global(a).forNode("fc3", "Linear"));
    }
}
