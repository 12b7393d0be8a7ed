package io.octavo.scheme;

import io.octavo.CalibrationException;
import io.octavo.InvalidValueException;

/**
 * What an observer learned about a tensor's values: all that a scheme needs to choose parameters for it.
 *
 * @param min least value, finite
 * @param max greatest value, finite
 * @param count values seen, at least 1
 * @param histogram their counts in bins, or null if the observer keeps none
 */
public record Distribution(float min, float max, long count, Histogram histogram) {

    /** Throws {@link InvalidValueException} for a range that is not finite or ascending, or a count below 1. */
    public Distribution {
        if (!(min <= max) || Float.isInfinite(min) || Float.isInfinite(max)) {
            throw new InvalidValueException("range " + min + ".." + max + ": must be finite and ascending");
        }
        if (count < 1) {
            throw new InvalidValueException(count + " values: a distribution has at least 1");
        }
    }

    /** A range without a histogram. */
    public static Distribution ofRange(float min, float max, long count) {
        return new Distribution(min, max, count, null);
    }

    /** Whether the values were counted in bins. */
    public boolean hasHistogram() {
        return histogram != null;
    }

    /** This, if it has a histogram. */
    Distribution requireHistogram(String scheme) {
        if (histogram == null) {
            throw new CalibrationException(
                    scheme + " needs a histogram of the values, and this observer kept none: use HistogramObserver");
        }
        return this;
    }
}
