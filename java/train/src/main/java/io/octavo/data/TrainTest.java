package io.octavo.data;

/**
 * The two halves of a data set.
 *
 * @param train images to learn from and to calibrate on
 * @param test images to measure on
 * @param name short name for reports, {@code "cifar10"} or {@code "fashion-mnist"} among them
 * @param note what a reader of the results must know, such as that a substitute was used and why; "" if nothing
 */
public record TrainTest(Dataset train, Dataset test, String name, String note) {
    TrainTest withNote(String text) {
        return new TrainTest(train, test, name, text);
    }
}
