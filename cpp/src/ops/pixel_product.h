// Lines of pixels by family conv.
#ifndef OCTAVO_OPS_PIXEL_PRODUCT_H
#define OCTAVO_OPS_PIXEL_PRODUCT_H

#include <cstdint>
#include <string>
#include <vector>

#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// Family conv: few input and output channels, pixels in lanes.
class PixelProduct : public LineProduct {
public:
    // lower: 0, or, with the maximum over 2 x 2 pixels, how many bytes behind the convolution's next line lies; the lines and
    // pixels of a run are those of the maxima then, pixel_bytes and layout still those of the convolution.
    PixelProduct(const ConvLineRow& row, const GroupLayout& layout, const StageOperands& operands, int64_t pixel_bytes,
                 int macs_per_ns, int64_t lower = 0);
    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int over_read() const override { return 64; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return macs_per_ns_; }
    const PackedStage& stage() const { return *stage_; }

private:
    // Four bytes of a pixel and what they meet along the depth, in the upper line and in the lower; -1: nothing.
    struct Group {
        int64_t offset;
        int32_t source[2][4];
    };
    void join(std::vector<Group>* groups, std::vector<Group>* joined);
    void pack(const DenseWeights& weights, const int32_t* source);
    bool pooled() const { return lower_ != 0; }

    const ConvLineRow* row_;
    std::vector<int32_t> offsets_;
    int64_t groups_[3] = {};
    std::vector<ConvPiece> pieces_;  // [joined][pieces_each]
    int64_t joined_ = 0, pieces_each_ = 0;
    std::vector<int8_t> weights_;
    std::shared_ptr<const PackedStage> stage_;
    int64_t outputs_, pixel_bytes_;
    int macs_per_ns_;
    int64_t lower_;
};

}  // namespace octavo

#endif
