// Integer products over lines of output pixels: what convolution and linear operators have in common, whichever kernel
// multiplies. A matrix is one line whose pixels are its rows.
#ifndef OCTAVO_OPS_LINE_PRODUCT_H
#define OCTAVO_OPS_LINE_PRODUCT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "kernels/output.h"

namespace octavo {

// Some lines of one input. Results and residual are [lines * pixels, outputs] without gaps.
struct Lines {
    const uint8_t* a;       // first pixel's first tap
    int64_t line_bytes;     // in A, from line to line
    int64_t pixel_bytes;    // in A, from pixel to pixel
    int64_t lines, pixels;  // pixels: in a line
    int64_t first;          // the first line's number in the image, for products that pad
    void* c;
    const void* residual;  // null: none
    std::byte* scratch;    // scratch_bytes(lines * pixels), aligned for s32
};

class LineProduct {
public:
    virtual ~LineProduct() = default;
    // Only parts [first, end) of parts(): panels of output channels, for sharing few rows among threads.
    virtual void run(const Lines& lines, int64_t first, int64_t end) const noexcept = 0;
    virtual int64_t parts() const { return 1; }
    // Lines that are best not taken apart.
    virtual int64_t lines_together() const { return 1; }
    virtual size_t scratch_bytes(int64_t) const { return 0; }
    // Bytes that may be read behind the last byte of the last line's last tap.
    virtual int over_read() const = 0;
    virtual std::string kernel() const = 0;  // "gemm_u8s8_8x48c4_vnni"
    virtual std::string reason() const { return ""; }
    virtual int64_t weight_bytes() const = 0;
    // Multiply-adds a nanosecond, roughly.
    virtual int macs_per_ns() const = 0;
};

// A product that also runs with another stage than its own, as dynamic quantization needs.
class MatrixProduct : public LineProduct {
public:
    using LineProduct::run;
    virtual void run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept = 0;
    // The stage that run uses unless it is given another; its arrays are by packed column.
    virtual OutputStage stage() const = 0;
    // Output channel of each packed column; -1: padding.
    virtual std::vector<int64_t> order() const = 0;
    // First packed column of a part; for parts() their number.
    virtual int64_t first_column(int64_t part) const = 0;
};

}  // namespace octavo

#endif
