package io.octavo.data;

import io.octavo.InvalidValueException;
import io.octavo.ShapeMismatchException;
import io.octavo.internal.random.SplitMix64;
import java.util.Arrays;

/**
 * Turns a {@link Dataset} into batches: shuffled, flipped, normalized to floats, made ahead of time by a thread of its own.
 *
 * <pre>{@code
 * DataLoader loader = DataLoader.of(train).batchSize(64).shuffle(1).flip(true);
 * for (int epoch = 0; epoch < 15; epoch++) {
 *     for (Batch batch : loader.epoch(epoch)) { ... }
 * }
 * }</pre>
 *
 * <p>A loader is an immutable value; each method returns a changed copy. It may be iterated any number of times, also by several
 * threads; each pass has its own buffers and its own thread.
 *
 * <p><b>How long a batch lives:</b> the tensors of a {@link Batch} are reused. They hold until the next call of {@code next()} on
 * the same iterator, or its {@code close()}; copy what must live longer.
 *
 * <p>A pass that is left before its end should be closed (see {@link #iterator(int)}); one that is merely dropped ends its
 * thread once its iterator is garbage.
 *
 * <p>Order and flips depend on seed and epoch alone, not on the machine, the Java version or the number of threads.
 */
public final class DataLoader implements Iterable<Batch> {
    private final Dataset dataset;
    private int batchSize = 1;
    private boolean shuffle;
    private long seed;
    private boolean flip;
    private int shift;
    private boolean dropLast;
    private int limit = Integer.MAX_VALUE;
    private int prefetch = 2;
    private float[] mean;
    private float[] std;

    private DataLoader(Dataset dataset) {
        this.dataset = dataset;
        int channels = (int) dataset.imageShape().dim(0);
        this.mean = filled(channels, 0.5f);
        this.std = filled(channels, 0.5f);
    }

    private DataLoader(DataLoader other) {
        this.dataset = other.dataset;
        this.batchSize = other.batchSize;
        this.shuffle = other.shuffle;
        this.seed = other.seed;
        this.flip = other.flip;
        this.shift = other.shift;
        this.dropLast = other.dropLast;
        this.limit = other.limit;
        this.prefetch = other.prefetch;
        this.mean = other.mean;
        this.std = other.std;
    }

    /**
     * A loader of single images in the order of the data set, without flips, each channel normalized by mean 0.5 and standard
     * deviation 0.5, that is to -1..1.
     */
    public static DataLoader of(Dataset dataset) {
        return new DataLoader(dataset);
    }

    /**
     * Images a batch, at least 1. The last batch of a pass may hold fewer; see {@link #dropLast}.
     *
     * @throws InvalidValueException if below 1
     */
    public DataLoader batchSize(int images) {
        if (images < 1) {
            throw new InvalidValueException("batch size " + images + ": at least 1 is needed");
        }
        DataLoader copy = new DataLoader(this);
        copy.batchSize = images;
        return copy;
    }

    /** Shuffles every epoch anew; the seed also decides the flips. */
    public DataLoader shuffle(long seed) {
        DataLoader copy = new DataLoader(this);
        copy.shuffle = true;
        copy.seed = seed;
        return copy;
    }

    /**
     * Mirrors each image left to right with probability 1/2, decided by the seed of {@link #shuffle}, the epoch and the image's
     * index (torchvision's RandomHorizontalFlip).
     */
    public DataLoader flip(boolean flip) {
        DataLoader copy = new DataLoader(this);
        copy.flip = flip;
        return copy;
    }

    /**
     * Moves each image by up to {@code pixels} up, down, left and right, every distance as likely as another, and fills what comes
     * free with zeros, decided as the flips are: torchvision's RandomCrop to the image's own size with that padding.
     *
     * @param pixels 0 (the default: no move) to 127
     * @throws InvalidValueException if outside
     */
    public DataLoader shift(int pixels) {
        if (pixels < 0 || pixels > 127) {
            throw new InvalidValueException("shift by " + pixels + " pixels is outside 0..127");
        }
        DataLoader copy = new DataLoader(this);
        copy.shift = pixels;
        return copy;
    }

    /** Leaves out a last batch that would not be full. */
    public DataLoader dropLast(boolean dropLast) {
        DataLoader copy = new DataLoader(this);
        copy.dropLast = dropLast;
        return copy;
    }

    /**
     * Ends each pass after {@code images} images: the first ones of the data set, or, shuffled, a random choice.
     *
     * @throws InvalidValueException if below 1
     */
    public DataLoader take(int images) {
        if (images < 1) {
            throw new InvalidValueException("take " + images + ": at least 1 image is needed");
        }
        DataLoader copy = new DataLoader(this);
        copy.limit = images;
        return copy;
    }

    /**
     * How many batches are made ahead of time, 0 to 64; 0: each is made when it is asked for, on the thread that asks.
     *
     * @throws InvalidValueException if outside 0..64
     */
    public DataLoader prefetch(int batches) {
        if (batches < 0 || batches > 64) {
            throw new InvalidValueException("prefetch " + batches + " is outside 0..64");
        }
        DataLoader copy = new DataLoader(this);
        copy.prefetch = batches;
        return copy;
    }

    /**
     * What the model sees: {@code (byte / 255 - mean[c]) / std[c]}, in float arithmetic (torchvision's ToTensor and Normalize).
     *
     * @param mean one number a channel
     * @param std one number a channel, above 0
     * @throws ShapeMismatchException if there are more or fewer numbers than channels
     * @throws InvalidValueException if a number is not finite, or a standard deviation not above 0
     */
    public DataLoader normalize(float[] mean, float[] std) {
        if (mean.length != this.mean.length || std.length != this.mean.length) {
            throw new ShapeMismatchException("normalization of " + mean.length + " means and " + std.length
                    + " standard deviations for images " + dataset.imageShape() + " of data set " + dataset.name());
        }
        for (int c = 0; c < mean.length; c++) {
            if (!Float.isFinite(mean[c]) || !Float.isFinite(std[c]) || std[c] <= 0) {
                throw new InvalidValueException(
                        "normalization of channel " + c + " by mean " + mean[c] + " and standard deviation " + std[c]);
            }
        }
        DataLoader copy = new DataLoader(this);
        copy.mean = mean.clone();
        copy.std = std.clone();
        return copy;
    }

    /** The data set that the batches come from. */
    public Dataset dataset() {
        return dataset;
    }

    /** Images of one pass. */
    public int images() {
        int images = Math.min(limit, dataset.size());
        return dropLast ? images - images % batchSize : images;
    }

    /** Batches of one pass. */
    public int batches() {
        return (int) (((long) images() + batchSize - 1) / batchSize);
    }

    /** One pass over the data, as epoch 0. */
    @Override
    public BatchIterator iterator() {
        return iterator(0);
    }

    /**
     * One pass over the data; what is random in it depends on the epoch. For a loop that may end early:
     *
     * <pre>{@code try (BatchIterator batches = loader.iterator(epoch)) { ... }}</pre>
     */
    public BatchIterator iterator(int epoch) {
        return new BatchIterator(new BatchMaker(this, epoch), prefetch);
    }

    /** {@link #iterator(int)} for a for-each loop. */
    public Iterable<Batch> epoch(int epoch) {
        return () -> iterator(epoch);
    }

    int batchSize() {
        return batchSize;
    }

    /** The images of an epoch, in its order. */
    int[] order(int epoch) {
        int[] order;
        if (shuffle) {
            order = SplitMix64.permutation(dataset.size(), SplitMix64.mix(seed, epoch));
        } else {
            order = new int[dataset.size()];
            Arrays.setAll(order, i -> i);
        }
        return Arrays.copyOf(order, images());
    }

    /** What happens to an image by chance in an epoch. */
    Move move(int epoch, int image) {
        if (!flip && shift == 0) {
            return Move.NONE;
        }
        SplitMix64 random = new SplitMix64(SplitMix64.mix(SplitMix64.mix(~seed, epoch), image));
        boolean flipped = random.nextLong() < 0 && flip;
        int down = random.nextInt(2 * shift + 1) - shift;
        int right = random.nextInt(2 * shift + 1) - shift;
        return new Move(flipped, down, right);
    }

    /**
     * @param flipped mirrored left to right, first
     * @param down rows that the image moves, negative: up
     * @param right columns that it moves, negative: left
     */
    record Move(boolean flipped, int down, int right) {
        static final Move NONE = new Move(false, 0, 0);
    }

    /** The float of each byte, channel by channel. */
    float[][] levels() {
        float[][] levels = new float[mean.length][256];
        for (int c = 0; c < mean.length; c++) {
            for (int b = 0; b < 256; b++) {
                levels[c][b] = (b / 255f - mean[c]) / std[c];
            }
        }
        return levels;
    }

    private static float[] filled(int length, float value) {
        float[] array = new float[length];
        Arrays.fill(array, value);
        return array;
    }
}
