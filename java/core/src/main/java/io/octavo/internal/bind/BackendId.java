package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;

/** Who is to run an operator. */
public enum BackendId {
    /** Integer operators: Octavo's kernels; float: whoever registered for it. */
    AUTO(octavo.OCTAVO_BACKEND_AUTO),
    /** Octavo's own kernels, or refuse. */
    OCTAVO(octavo.OCTAVO_BACKEND_OCTAVO),
    /** The registered back end, or refuse. */
    ONEDNN(octavo.OCTAVO_BACKEND_ONEDNN);

    final int code;

    BackendId(int code) {
        this.code = code;
    }
}
