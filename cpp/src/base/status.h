// Status of a fallible call inside the library: a code of the C interface and a sentence.
#ifndef OCTAVO_BASE_STATUS_H
#define OCTAVO_BASE_STATUS_H

#include <stdexcept>
#include <string>
#include <utility>

#include "octavo/octavo.h"

namespace octavo {

// Thrown while a plan is described and built, never while it runs; the C functions turn it into a status.
class Error : public std::runtime_error {
public:
    Error(octavo_status status, const std::string& message) : std::runtime_error(message), status_(status) {}
    octavo_status status() const { return status_; }

private:
    octavo_status status_;
};

// An operator's answer "not me, because": the next candidate may take the operator.
class Refusal : public Error {
public:
    explicit Refusal(const std::string& reason) : Error(OCTAVO_UNSUPPORTED, reason) {}
};

}  // namespace octavo

#endif
