#include "abi/status.h"

#include <cstring>

namespace octavo {
namespace {

constexpr size_t message_bytes = 4096;
thread_local char message_of_thread[message_bytes] = "";

}  // namespace

octavo_status fail(octavo_status status, const char* message) noexcept {
    size_t length = std::strlen(message);
    if (length >= message_bytes) {
        length = message_bytes - 1;
        // A character of several bytes is kept whole or left out: names may hold any UTF-8.
        while (length > 0 && (static_cast<unsigned char>(message[length]) & 0xC0) == 0x80) --length;
    }
    std::memmove(message_of_thread, message, length);
    message_of_thread[length] = '\0';
    return status;
}

}  // namespace octavo

const char* octavo_last_error(void) { return octavo::message_of_thread; }

const char* octavo_status_text(octavo_status status) {
    switch (status) {
        case OCTAVO_OK:
            return "success";
        case OCTAVO_INVALID_ARGUMENT:
            return "a null pointer, an unknown enum value, or a number out of its range";
        case OCTAVO_SHAPE_MISMATCH:
            return "shapes or buffer sizes that do not fit together";
        case OCTAVO_UNSUPPORTED:
            return "well-formed, but no implementation takes it";
        case OCTAVO_NOT_FINITE:
            return "NaN or infinity where a number is needed";
        case OCTAVO_OUT_OF_MEMORY:
            return "an allocation failed, or a size does not fit the address space";
        case OCTAVO_UNKNOWN_ISA:
            return "an instruction set that is unknown or not available on this CPU";
        case OCTAVO_NO_BACKEND:
            return "the operator needs a back end that is not registered";
        case OCTAVO_BUSY:
            return "the object is in use by another thread";
        case OCTAVO_INTERNAL:
            return "a defect of the library";
        default:
            return "unknown status";
    }
}
