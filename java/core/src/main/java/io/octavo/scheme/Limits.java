package io.octavo.scheme;

/** A range of values, {@code lo <= hi}. */
record Limits(float lo, float hi) {}
