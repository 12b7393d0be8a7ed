// The edge of the C interface: exceptions become a status, and a sentence that the calling thread can ask for.
#ifndef OCTAVO_ABI_STATUS_H
#define OCTAVO_ABI_STATUS_H

#include <exception>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include "base/status.h"
#include "cpu/float_environment.h"

namespace octavo {

// Keeps the message for octavo_last_error (cut to what fits) and returns the status. Allocates nothing.
octavo_status fail(octavo_status status, const char* message) noexcept;

// Calls body, in the floating-point environment that results rest on; what it throws becomes a status with its message. body
// returns nothing.
template <class F>
octavo_status guarded(F&& body) noexcept {
    static_assert(std::is_void<decltype(std::forward<F>(body)())>::value, "report failure by throwing Error");
    const FloatEnvironment environment;
    try {
        std::forward<F>(body)();
        return OCTAVO_OK;
    } catch (const Error& error) {
        return fail(error.status(), error.what());
    } catch (const std::bad_alloc&) {
        return fail(OCTAVO_OUT_OF_MEMORY, "out of memory");
    } catch (const std::length_error&) {  // a container's way to say so of a size beyond the address space
        return fail(OCTAVO_OUT_OF_MEMORY, "a size does not fit the address space");
    } catch (const std::exception& error) {
        return fail(OCTAVO_INTERNAL, error.what());
    } catch (...) {
        return fail(OCTAVO_INTERNAL, "unknown exception");
    }
}

// Throws for a null pointer; name: the argument's.
inline void require(const void* pointer, const char* name) {
    if (pointer == nullptr) throw Error(OCTAVO_INVALID_ARGUMENT, std::string(name) + " is null");
}

}  // namespace octavo

#endif
