import io.octavo.data.Samples;
import io.octavo.graph.Graph;
import io.octavo.onnx.Onnx;
import io.octavo.qconfig.QConfig;
import io.octavo.quantize.Quantization;
import io.octavo.runtime.Session;
import io.octavo.tensor.Inputs;
import java.nio.file.Path;
import java.util.List;

/** Quantizes a model: app MODEL PHOTOS OUT. */
public class App {
    public static void main(String[] args) {
        Graph network = Onnx.read(Path.of(args[0]));
        Iterable<Inputs> photos = Samples.open(Path.of(args[1]), network.inputSpecs());
        Onnx.write(Quantization.quantizeStatic(network, QConfig.getDefault("octavo"), photos), Path.of(args[2]));
        try (Session session = Session.of(Onnx.read(Path.of(args[2])))) {
            List<String> inputs = List.of(network.inputs().get(0).name());
            System.out.println(session.run(photos.iterator().next().tensors(inputs)));
        }
    }
}
