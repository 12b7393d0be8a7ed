package io.octavo.runtime;

import io.octavo.internal.bind.BackendId;

/** Who runs the convolutions and linear layers of a session. */
public enum Backend {
    /** Octavo's own kernels for integers, oneDNN for float. */
    AUTO(BackendId.AUTO),
    /** Octavo's own kernels, or an error. */
    OCTAVO(BackendId.OCTAVO),
    /** oneDNN, for integers too, or an error. */
    ONEDNN(BackendId.ONEDNN);

    final BackendId id;

    Backend(BackendId id) {
        this.id = id;
    }
}
