package io.octavo.train;

/**
 * The loss of a classifier: the mean over a batch of {@code -log(softmax(logits)[label])}, as PyTorch's CrossEntropyLoss. The
 * network's output are the logits: it must not end in a softmax.
 */
final class CrossEntropyLoss {
    private CrossEntropyLoss() {}

    /**
     * The loss of one row, in double.
     *
     * @param logits rows of numbers, one a class
     * @param from where the row begins
     * @param classes length of the row
     * @param label the row's class
     */
    static double of(float[] logits, int from, int classes, int label) {
        double max = Double.NEGATIVE_INFINITY;
        for (int c = 0; c < classes; c++) {
            max = Math.max(max, logits[from + c]);
        }
        double sum = 0;
        for (int c = 0; c < classes; c++) {
            sum += Math.exp(logits[from + c] - max);
        }
        return Math.log(sum) + max - logits[from + label];
    }
}
