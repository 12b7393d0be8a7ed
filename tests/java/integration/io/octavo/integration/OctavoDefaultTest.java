package io.octavo.integration;

import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.octavo.data.ImageTransform;
import io.octavo.data.Samples;
import io.octavo.graph.Graph;
import io.octavo.onnx.Onnx;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.tensor.Inputs;
import io.octavo.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The default qconfig on MobileNetV2 with weights of ImageNet, the hard case of 8 bits, where it is at hand. */
class OctavoDefaultTest {
    /** ONNX Runtime's static int8 per channel, calibrated on the same photographs, reaches 11.7 to 17.1 dB. */
    @Test
    void logitsOfMobileNetStayNearTheFloatOnes() {
        String models = System.getenv("OCTAVO_MODELS");
        String data = System.getenv("OCTAVO_DATA");
        Path folder = Path.of(models == null ? "" : models, "mobilenetv2-imagenet");
        Path photos = Path.of(data == null ? "" : data, "photos", "calibration");
        assumeTrue(
                Files.exists(folder.resolve("model.onnx")) && Files.isDirectory(photos),
                "no MobileNetV2 in OCTAVO_MODELS, or no photos in OCTAVO_DATA");
        Graph network = Onnx.read(folder.resolve("model.onnx"));
        ImageTransform transform = ImageTransform.of(network.inputSpecs().get(0))
                .mean(0.485f, 0.456f, 0.406f)
                .std(0.229f, 0.224f, 0.225f);
        Graph int8 = Quantization.quantizeStatic(
                network, QConfig.getDefault("octavo"), Samples.open(photos, network.inputSpecs(), transform));
        double sum = 0;
        try (Session real = Session.of(network);
                Session codes = Session.of(int8)) {
            for (int i = 0; i < 5; i++) {
                Path sample = folder.resolve("test_data_set_" + i).resolve("input_0.pb");
                for (Inputs inputs : Samples.open(sample, network.inputSpecs())) {
                    List<Tensor> x = inputs.tensors(List.of("input"));
                    double found = sqnr(
                            real.run(x).get(0).toFloatArray(),
                            codes.run(x).get(0).toFloatArray());
                    assertTrue(found > 15, "case " + i + ": " + found + " dB");
                    sum += found;
                }
            }
        }
        assertTrue(sum / 5 > 17.1, "mean of " + sum / 5 + " dB");
    }

    private static double sqnr(float[] expected, float[] found) {
        double signal = 0;
        double noise = 0;
        for (int i = 0; i < expected.length; i++) {
            signal += (double) expected[i] * expected[i];
            noise += ((double) expected[i] - found[i]) * ((double) expected[i] - found[i]);
        }
        return 10 * Math.log10(signal / noise);
    }
}
