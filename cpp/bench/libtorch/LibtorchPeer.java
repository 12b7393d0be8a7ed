import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.management.ManagementFactory;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.bytedeco.pytorch.Dispatcher;
import org.bytedeco.pytorch.GenericList;
import org.bytedeco.pytorch.IValue;
import org.bytedeco.pytorch.IValueVector;
import org.bytedeco.pytorch.IntType;
import org.bytedeco.pytorch.OperatorHandle;
import org.bytedeco.pytorch.Scalar;
import org.bytedeco.pytorch.Tensor;
import org.bytedeco.pytorch.Type;
import org.bytedeco.pytorch.global.torch;

/**
 * FBGEMM as libtorch calls it, run by octavo_bench on request through pipes: the jars of libtorch hold no headers, but can call its
 * operators. A line in, a line out:
 *
 * <pre>
 * linear M K N zx zw zy copies threads     ready, or "failed" and why
 * conv C H W outputs kernel stride padding groups zx zw zy copies threads
 * run COUNT                                nanoseconds: CPU time of one thread, real time of more
 * </pre>
 *
 * Activations are u8 with the zero point zx, weights s8 with a scale an output and the zero point zw, results u8, with the
 * zero point zy or, where that is 0, after a ReLU.
 * Copies take turns.
 */
final class LibtorchPeer {
    private static final double X_SCALE = 0.02, W_SCALE = 0.004, Y_SCALE = 0.5;

    private Work work;
    private int threads = 1;

    public static void main(String[] arguments) throws IOException {
        torch.globalContext().setQEngine(torch.QEngine.FBGEMM);
        LibtorchPeer peer = new LibtorchPeer();
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            System.out.println(peer.answer(line));
            System.out.flush();
        }
    }

    private String answer(String line) {
        String[] words = line.split(" ");
        try {
            if (words[0].equals("run")) {
                return Long.toString(time(Long.parseLong(words[1])));
            }
            long[] numbers = new long[words.length - 1];
            for (int i = 0; i < numbers.length; i++) {
                numbers[i] = Long.parseLong(words[i + 1]);
            }
            threads = (int) numbers[numbers.length - 1];
            torch.set_num_threads(threads);
            if (work != null) {
                work.close();
            }
            work = words[0].equals("linear") ? linear(numbers) : conv(numbers);
            work.run();
            return "ready";
        } catch (RuntimeException e) {
            String reason = String.valueOf(e.getMessage()).lines().findFirst().orElse("without a reason");
            return "failed " + reason.substring(0, Math.min(reason.length(), 200));
        }
    }

    private long time(long count) {
        long start = now();
        for (long i = 0; i < count; i++) {
            work.run();
        }
        return now() - start;
    }

    private long now() {
        return threads == 1 ? ManagementFactory.getThreadMXBean().getCurrentThreadCpuTime() : System.nanoTime();
    }

    private static Work linear(long[] n) {
        long m = n[0], k = n[1], outputs = n[2], yZero = n[5], copies = n[6];
        List<IValue> packed = new ArrayList<>();
        for (long i = 0; i < copies; i++) {
            packed.add(call("quantized::linear_prepack", weights(n[4], outputs, k), bias(outputs)));
        }
        String operator = yZero == 0 ? "quantized::linear_relu" : "quantized::linear";
        return new Work(operator, "", activations(torch.torch_rand(m, k), n[3]), packed, yZero);
    }

    private static Work conv(long[] n) {
        long channels = n[0],
                height = n[1],
                width = n[2],
                outputs = n[3],
                kernel = n[4],
                groups = n[7],
                yZero = n[10],
                copies = n[11];
        List<IValue> packed = new ArrayList<>();
        for (long i = 0; i < copies; i++) {
            packed.add(call(
                    "quantized::conv2d_prepack",
                    weights(n[9], outputs, channels / groups, kernel, kernel),
                    bias(outputs),
                    pair(n[5]),
                    pair(n[6]),
                    pair(1),
                    new IValue(groups)));
        }
        Tensor image = torch.torch_rand(1, channels, height, width).contiguous(torch.MemoryFormat.ChannelsLast);
        String operator = yZero == 0 ? "quantized::conv2d_relu" : "quantized::conv2d";
        return new Work(operator, "new", activations(image, n[8]), packed, yZero);
    }

    private static IValue activations(Tensor zeroToOne, long zeroPoint) {
        Tensor reals = zeroToOne.mul(new Scalar(255 * X_SCALE)).sub(new Scalar(zeroPoint * X_SCALE));
        return new IValue(torch.quantize_per_tensor(reals, X_SCALE, zeroPoint, torch.ScalarType.QUInt8));
    }

    private static IValue weights(long zeroPoint, long... shape) {
        Tensor reals = torch.torch_randn(shape).mul(new Scalar(32 * W_SCALE));
        Tensor scales = torch.torch_ones(shape[0]).mul(new Scalar(W_SCALE)).to(torch.ScalarType.Double);
        Tensor zeroPoints =
                torch.torch_ones(shape[0]).mul(new Scalar(zeroPoint)).to(torch.ScalarType.Long);
        return new IValue(torch.quantize_per_channel(reals, scales, zeroPoints, 0, torch.ScalarType.QInt8));
    }

    private static IValue bias(long outputs) {
        return new IValue(torch.torch_randn(outputs));
    }

    private static IValue pair(long n) {
        GenericList list =
                new GenericList(new Type.TypePtr(IntType.getIntTypePtr().get()));
        list.push_back(new IValue(n));
        list.push_back(new IValue(n));
        return new IValue(list);
    }

    private static IValue call(String operator, IValue... arguments) {
        IValueVector stack = new IValueVector(arguments);
        Dispatcher.singleton().findSchemaOrThrow(operator, "").callBoxed(stack);
        return new IValue(stack.get(0));
    }

    /** An operator on one input and, in turn, each of its packed weights. */
    private static final class Work implements AutoCloseable {
        private final OperatorHandle operator;
        private final IValue x;
        private final List<IValue> packed;
        private final IValue scale = new IValue(Y_SCALE), zeroPoint;
        private final IValueVector stack = new IValueVector(4);
        private int next;

        Work(String operator, String overload, IValue x, List<IValue> packed, long yZero) {
            zeroPoint = new IValue(yZero);
            this.operator = Dispatcher.singleton().findSchemaOrThrow(operator, overload);
            this.x = x;
            this.packed = packed;
        }

        void run() {
            stack.resize(4);
            stack.put(0, x);
            stack.put(1, packed.get(next));
            stack.put(2, scale);
            stack.put(3, zeroPoint);
            operator.callBoxed(stack);
            next = next + 1 == packed.size() ? 0 : next + 1;
        }

        /** Gives the memory back now and not when the garbage collector comes by. */
        @Override
        public void close() {
            stack.close();
            x.close();
            packed.forEach(IValue::close);
        }
    }
}
