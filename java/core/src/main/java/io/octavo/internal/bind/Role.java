package io.octavo.internal.bind;

import io.octavo.natives.global.octavo;

/** What a value of a plan is for. */
public enum Role {
    /** The caller's buffer, read. */
    INPUT(octavo.OCTAVO_INPUT),
    /** The caller's buffer, written; later operators may read it. */
    OUTPUT(octavo.OCTAVO_OUTPUT),
    /** Lives in the plan during a run. */
    TEMP(octavo.OCTAVO_TEMP),
    /** Given when the plan is built. */
    CONSTANT(octavo.OCTAVO_CONSTANT),
    /** Given when the plan is built, changed by its runs. */
    STATE(octavo.OCTAVO_STATE);

    final int code;

    Role(int code) {
        this.code = code;
    }
}
