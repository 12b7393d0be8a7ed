package io.octavo.nn.models;

import io.octavo.nn.AdaptiveAvgPool2d;
import io.octavo.nn.BatchNorm2d;
import io.octavo.nn.Conv2d;
import io.octavo.nn.Flatten;
import io.octavo.nn.Layer;
import io.octavo.nn.Linear;
import io.octavo.nn.MaxPool2d;
import io.octavo.nn.ReLU;
import io.octavo.nn.Residual;
import io.octavo.nn.Sequential;

/** Ready-made networks for 32×32 color images and ten classes. */
public final class Models {
    private Models() {}

    /** The demo's small network: two convolutions with max-pooling and three linear layers; 83,104 parameters. */
    public static Sequential seedNet() {
        return new Sequential(
                new Conv2d(3, 6, 5).padding(2).bias(false),
                new ReLU(),
                new MaxPool2d(2),
                new Conv2d(6, 16, 5).bias(false),
                new ReLU(),
                new MaxPool2d(2),
                new Flatten(),
                new Linear(576, 120),
                new ReLU(),
                new Linear(120, 84),
                new ReLU(),
                new Linear(84, 10));
    }

    /**
     * ResNet-20 for CIFAR-10 (He et al., Deep Residual Learning, 2015, section 4.2): a convolution, three stages of three blocks at
     * 16, 32 and 64 channels, the mean of each channel, a linear layer. Where a stage halves the image and doubles the channels the
     * shortcut is a 1×1 convolution of step 2 with batch norm: option B of the paper, whose own CIFAR networks take option A
     * (every other pixel, new channels zero). That makes 272,474 parameters, 2,752 of them in the shortcuts.
     */
    public static Sequential resnet20() {
        Sequential net = new Sequential(convolution(3, 16, 3, 1), new BatchNorm2d(16), new ReLU());
        int in = 16;
        for (int out : new int[] {16, 32, 64}) {
            for (int block = 0; block < 3; block++) {
                net = net.add(block(in, out)).add(new ReLU());
                in = out;
            }
        }
        return net.add(new AdaptiveAvgPool2d(1)).add(new Flatten()).add(new Linear(64, 10));
    }

    private static Residual block(int in, int out) {
        int stride = in == out ? 1 : 2;
        Layer body = new Sequential(
                convolution(in, out, 3, stride),
                new BatchNorm2d(out),
                new ReLU(),
                convolution(out, out, 3, 1),
                new BatchNorm2d(out));
        return stride == 1
                ? new Residual(body)
                : new Residual(body, new Sequential(convolution(in, out, 1, stride), new BatchNorm2d(out)));
    }

    private static Conv2d convolution(int in, int out, int kernel, int stride) {
        return new Conv2d(in, out, kernel).stride(stride).padding(kernel / 2).bias(false);
    }
}
