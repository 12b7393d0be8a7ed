// Lines of pixels by family pairs.
#ifndef OCTAVO_OPS_PAIRS_PRODUCT_H
#define OCTAVO_OPS_PAIRS_PRODUCT_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/pair_panels.h"
#include "registry/products.h"

namespace octavo {

// Family pairs: blocks of pixels, in order through all lines, are copied into packed rows; then the panels of weights pass by. Of a
// convolution with whole chunks of channels the rows are spans of the image, of which blocks of lines are made to words.
class PairsProduct : public MatrixProduct {
public:
    // Operands as for GemmProduct. form: the only one to use; for tests.
    PairsProduct(const PairsRow& row, const GroupLayout& layout, const StageOperands& operands, int groups,
                 int64_t group_bytes, int64_t width, std::optional<PairsForm> form = {});

    // The rows of a product, and what it reads beyond them.
    static PackedDepth depth_of(const GroupLayout& layout, const DenseWeights& weights, int groups, int64_t width) {
        return PackedDepth(layout, width > 0 && groups == 1 && !weights.has_zero_points());
    }
    static int over_read_of(const PackedDepth& depth) { return !depth.spans() && depth.over_reads() ? 15 : 0; }

    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    void run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept override;
    OutputStage stage() const override { return stage_->stage(); }
    std::vector<int64_t> order() const override { return panels_.packed->order(); }
    int64_t first_column(int64_t part) const override {
        return part < parts() ? panels_.packed->panels()[static_cast<size_t>(part)].column
                              : static_cast<int64_t>(panels_.packed->order().size());
    }
    int64_t parts() const override { return static_cast<int64_t>(panels_.packed->panels().size()); }
    size_t scratch_bytes(int64_t pixels) const override;
    int over_read() const override { return over_read_; }
    std::string kernel() const override;
    std::string reason() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->macs_per_ns; }

private:
    // Rows of a block in the two ways they can be packed, and the channel group of each; -1: nothing yet.
    struct Block {
        int64_t first, count;      // pixels
        uint8_t *words, *bytes;    // room for packed rows
        const uint8_t* byte_rows;  // packed, or where A has them already
        int64_t byte_stride;
        int32_t* terms;
        int32_t* sums;  // of the rows' codes
        int words_of, bytes_of;
    };

    // Rows that follow one another at even distances: their beginnings, and their results.
    struct Rows {
        const uint8_t* a;
        int64_t stride, count;
        const int32_t* terms;
        const int32_t* sums;  // null where not needed
        int64_t first;        // pixel
    };
    // Panels that products share, and where in a row of this one each of their extras is.
    struct Factors {
        Factors() = default;
        Factors(std::shared_ptr<const PairPanels> shared, const PackedDepth& depth);

        std::shared_ptr<const PairPanels> packed;
        std::vector<std::vector<int32_t>> extras;  // by panel
    };
    // Lines of an image, words where some panel needs them.
    struct Image {
        uint8_t* words;
        int32_t *before, *terms;  // sums over words before each chunk; of each row
    };

    int64_t block_rows(int64_t pixels) const;
    int64_t image_bytes(int64_t lines, int64_t pixels) const;
    int64_t block_lines(int64_t lines, int64_t pixels) const;
    void run_packed(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept;
    void run_image(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept;
    void widen(const Lines& lines, const Image& image) const noexcept;
    Rows rows_of(const PairPanel& panel, const Block& block, const int32_t* sums) const noexcept;
    int64_t stride(bool words) const;
    bool packed_already(const Lines& lines, const Block& block) const noexcept;
    void pack(const Lines& lines, const PairPanel& panel, Block& block) const noexcept;
    void multiply(const Factors& factors, size_t number, const Rows& rows, const OutputStage& stage, void* c,
                  const void* residual, int64_t outputs) const noexcept;

    const PairsRow* row_;
    PackedDepth depth_;
    int over_read_;
    int64_t pixel_bytes_, line_bytes_, width_;
    std::vector<PairsSpan> spans_[pairs_forms];
    Factors panels_;
    Factors ones_;  // only with weight zero points
    AlignedArray<int32_t> zeros_;
    std::shared_ptr<const PackedStage> stage_;
    int64_t outputs_;
};

}  // namespace octavo

#endif
