// Whether numbers that are none were compared. oneDNN's relu, clip and maxima are instructions that drop NaN; but each of them
// notes it in the processor's flag for invalid operations.
#ifndef OCTAVO_ONEDNN_INVALID_H
#define OCTAVO_ONEDNN_INVALID_H

#include <xmmintrin.h>

namespace octavo::onednn {

// From its making on, for what the calling thread itself computes. At its end flags raised before are raised again.
class InvalidWatch {
public:
    InvalidWatch() : before_(_mm_getcsr()) { _mm_setcsr(before_ & ~flag); }
    ~InvalidWatch() { _mm_setcsr(_mm_getcsr() | (before_ & flag)); }
    InvalidWatch(const InvalidWatch&) = delete;
    InvalidWatch& operator=(const InvalidWatch&) = delete;

    // True: NaN was compared, or made of infinities. A comparison of numbers never says so.
    bool raised() const { return (_mm_getcsr() & flag) != 0; }

private:
    static constexpr unsigned flag = _MM_EXCEPT_INVALID;
    unsigned before_;
};

}  // namespace octavo::onednn

#endif
