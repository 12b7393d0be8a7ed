#include "pack/weight_only_panels.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "pack/bytes.h"

namespace octavo {

WeightOnlyPanels::WeightOnlyPanels(const WeightOnlyRow& row, const TransposeKernels& transpose, const int8_t* weights,
                                   int64_t columns, int64_t depth, const Share& share)
    : row_(&row),
      columns_(columns),
      depth_(depth),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      panel_bytes_(depth * row.columns),
      group_size_(depth),
      weights_(static_cast<size_t>(panels_ * panel_bytes_)) {
    share(panels_, [&](int64_t panel) {
        const int64_t first = panel * row.columns, count = std::min<int64_t>(row.columns, columns - first);
        transpose.bytes(weights + first * depth, depth, weights_.data() + panel * panel_bytes_, row.columns, count,
                        depth);
    });
}

WeightOnlyPanels::WeightOnlyPanels(const WeightOnlyRow& row, const uint8_t* codes, int64_t columns, int64_t depth,
                                   const int8_t* table, int table_size, const Share& share)
    : row_(&row),
      columns_(columns),
      depth_(depth),
      panels_(ceil_div<int64_t>(columns, row.columns)),
      panel_bytes_(ceil_div<int64_t>(depth, 8) * row.columns * 4),
      group_size_(depth),
      weights_(static_cast<size_t>(panels_ * panel_bytes_)),
      table_(16) {
    std::memcpy(table_.data(), table, static_cast<size_t>(table_size));
    share(panels_, [&](int64_t panel) {
        const int64_t first = panel * row.columns;
        for (int64_t n = first; n < std::min(columns, first + row.columns); n++) {
            pack_codes(codes + n * depth, depth, 4, weights_.data() + panel * panel_bytes_ + (n - first) * 4,
                       row.columns * 4);
        }
    });
}

void WeightOnlyPanels::set_parameters(const std::vector<float>& scales, const std::vector<int32_t>& zero_points,
                                      int64_t group_size) {
    group_size_ = group_size;
    const int64_t groups = ceil_div(depth_, group_size), width = row_->columns;
    const auto size = static_cast<size_t>(groups * padded());
    const bool zeros = std::any_of(zero_points.begin(), zero_points.end(), [](int32_t zero) { return zero != 0; });
    scales_ = AlignedArray<float>(size);
    if (zeros) zeros_ = AlignedArray<float>(size);
    for (int64_t n = 0; n < columns_; n++) {
        for (int64_t g = 0; g < groups; g++) {
            const auto from = static_cast<size_t>(n * groups + g);
            const auto to = static_cast<size_t>((n / width * groups + g) * width + n % width);
            scales_[to] = scales[from];
            if (zeros) zeros_[to] = static_cast<float>(zero_points[from]);
        }
    }
}

void WeightOnlyPanels::set_bias(const float* bias) {
    bias_ = AlignedArray<float>(static_cast<size_t>(padded()));
    std::copy_n(bias, columns_, bias_.data());
}

WeightOnlyArgs WeightOnlyPanels::args(int64_t panel) const {
    const int64_t first = panel * row_->columns;
    WeightOnlyArgs args = {};
    args.depth = depth_;
    args.group_size = group_size_;
    args.weights = weights_.data() + panel * panel_bytes_;
    args.table = table_.data();
    const int64_t groups = ceil_div(depth_, group_size_);
    args.scales = scales_.data() + first * groups;
    args.zeros = zeros_.empty() ? nullptr : zeros_.data() + first * groups;
    args.group_step = row_->columns;
    args.bias = bias_.empty() ? nullptr : bias_.data() + first;
    args.y_stride = columns_;
    args.columns = static_cast<int32_t>(std::min<int64_t>(row_->columns, columns_ - first));
    return args;
}

size_t WeightOnlyPanels::bytes() const {
    return weights_.bytes() + table_.bytes() + scales_.bytes() + zeros_.bytes() + bias_.bytes();
}

}  // namespace octavo
