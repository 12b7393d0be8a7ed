// Lines of pixels by family gemm.
#ifndef OCTAVO_OPS_GEMM_PRODUCT_H
#define OCTAVO_OPS_GEMM_PRODUCT_H

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/borders.h"
#include "ops/line_product.h"
#include "ops/output_stage.h"
#include "pack/panels.h"
#include "registry/products.h"

namespace octavo {

// Family gemm. Channel groups are panels that begin at other input channels.
class GemmProduct : public MatrixProduct {
public:
    // weights: [outputs, depth], output channels by channel group, `groups` of them, each with the columns `layout` describes
    // from byte group * group_bytes of a pixel. width: pixels of a line as they will come; 0: anything.
    // padded: null, or the convolution whose padding is in no memory, which has_borders(isa) and Borders::fit allow; then the
    // layout's offsets are from a line's first pixel, not its first tap, and taps have whole groups.
    GemmProduct(const GemmRow& row, GroupLayout layout, const StageOperands& operands, int groups, int64_t group_bytes,
                int64_t width, const ConvGeometry* padded = nullptr);
    // The same with a given tile, for tests.
    GemmProduct(const GemmRow& row, const GemmTile& tile, GroupLayout layout, const StageOperands& operands, int groups,
                int64_t group_bytes);

    void run(const Lines& lines, int64_t first, int64_t end) const noexcept override;
    int64_t parts() const override { return static_cast<int64_t>(panels_->panels().size()); }
    size_t scratch_bytes(int64_t pixels) const override;
    int over_read() const override { return layout_.over_read; }
    std::string kernel() const override;
    int64_t weight_bytes() const override;
    int macs_per_ns() const override { return row_->macs_per_ns; }

    OutputStage stage() const override { return stage_->stage(); }
    std::vector<int64_t> order() const override { return panels_->order(); }
    int64_t first_column(int64_t part) const override { return part * panels_->tile().columns; }
    void run(const Lines& lines, int64_t first, int64_t end, const OutputStage& stage) const noexcept override;

private:
    void run_panel(size_t number, const Lines& lines, const OutputStage& stage, const int32_t* sums) const noexcept;

    const GemmRow* row_;
    GroupLayout layout_;
    std::shared_ptr<const Panels> panels_;
    std::vector<ByteRun> runs_;  // what the sums of rows add: only with weight zero points
    std::shared_ptr<const PackedStage> stage_;
    std::optional<Borders> borders_;
    int64_t outputs_;
    int groups_;
    bool fetches_ahead_;
};

}  // namespace octavo

#endif
