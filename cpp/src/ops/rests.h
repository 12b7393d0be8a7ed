// Where the bytes of a kernel row (its columns, each with all channels) are no multiple of four, the rests of its rows, side by
// side: 3 x 3 x 3 are 7 groups of four bytes then, not 9.
#ifndef OCTAVO_OPS_RESTS_H
#define OCTAVO_OPS_RESTS_H

#include <cstdint>
#include <vector>

#include "ops/image_band.h"
#include "pack/panels.h"

namespace octavo {

// Planes behind the pixels of a copied row hold the rests of the line of output that begins in this row. Their pixels are as far
// apart as the image's, so that a group in a plane is a group like others.
class Rests {
public:
    Rests() = default;
    // g: the convolution, without groups; width: pixels of a copied row; lines: of the convolution, in a line of the output;
    // copied: rows are copied anyway. None if they save too little.
    Rests(const BandRow& kernels, const ConvGeometry& g, int64_t width, int64_t lines, int lanes, bool copied);

    bool any() const { return planes_ > 0; }
    int64_t pitch() const { return at_ + planes_ * plane_bytes_; }  // of the copied rows
    // The taps of a pixel.
    GroupLayout taps() const;
    // For `lines` lines of output.
    void fill(uint8_t* band, int64_t lines) const;

private:
    const BandRow* kernels_ = nullptr;
    std::vector<RestPiece> pieces_;
    int64_t run_ = 0, whole_ = 0;         // bytes of a kernel row, those in whole groups
    int64_t kernel_h_ = 0, tap_row_ = 0;  // kernel rows, image rows from one to the next
    int64_t lines_ = 0, line_row_ = 0;    // lines in a line of output, image rows from one to the next
    int64_t at_ = 0;                      // where the planes begin in a row
    int64_t planes_ = 0, plane_bytes_ = 0;
    int64_t carried_ = 0;  // bytes of a group in a plane
    int64_t steps_ = 0, step_ = 0;
};

}  // namespace octavo

#endif
