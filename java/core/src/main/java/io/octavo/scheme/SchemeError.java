package io.octavo.scheme;

/**
 * What encoding lost.
 *
 * @param mse mean of the squared differences
 * @param sqnrDb signal to quantization noise, {@code 10 log10(sum x^2 / sum (x - decoded)^2)} in decibels; infinite if
 *     nothing was lost
 * @param maxAbs greatest absolute difference
 * @param roundingLossDb for tables: decibels lost because the fitted levels were rounded to 8-bit entries (below 0 if
 *     the rounded levels happen to fit better); 0 for affine codes
 */
public record SchemeError(double mse, double sqnrDb, double maxAbs, double roundingLossDb) {
    /** {@code 10 log10(power / error)} in dB; infinite without error. */
    public static double decibels(double power, double error) {
        return error == 0 ? Double.POSITIVE_INFINITY : 10 * Math.log10(power / error);
    }
}
