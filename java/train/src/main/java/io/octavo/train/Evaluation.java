package io.octavo.train;

/**
 * How good a network is on some images.
 *
 * @param top1 percentage of images whose largest logit is that of their class (the first of equal ones counts), 0 to 100
 * @param loss mean cross entropy, in double from the float logits; NaN if a logit is
 * @param images how many
 * @param notNumbers how many of them have NaN among their logits: these count as wrong, whatever their label
 * @param imagesPerSecond images by the time of the whole evaluation, loading included
 */
public record Evaluation(double top1, double loss, long images, long notNumbers, double imagesPerSecond) {}
