package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;

/** How a value lies in memory. */
public enum Layout {
    /** Row-major in logical order: NCHW, OIHW, [M, K]. */
    PLAIN(octavo.OCTAVO_PLAIN),
    /** Channels last; four dimensions only. */
    NHWC(octavo.OCTAVO_NHWC);

    final int code;

    Layout(int code) {
        this.code = code;
    }
}
