// Weights packed for family weight_only: bytes, or 4-bit codes of one table, with scales and zero points as floats.
#ifndef OCTAVO_PACK_WEIGHT_ONLY_PANELS_H
#define OCTAVO_PACK_WEIGHT_ONLY_PANELS_H

#include <cstddef>
#include <cstdint>
#include <vector>

#include "base/memory.h"
#include "kernels/transpose.h"
#include "kernels/weight_only.h"
#include "pack/share.h"

namespace octavo {

class WeightOnlyPanels {
public:
    // Weights [columns][depth] as bytes.
    WeightOnlyPanels(const WeightOnlyRow& row, const TransposeKernels& transpose, const int8_t* weights,
                     int64_t columns, int64_t depth, const Share& share);
    // As codes below table_size, a multiple of 8 of them a group.
    WeightOnlyPanels(const WeightOnlyRow& row, const uint8_t* codes, int64_t columns, int64_t depth,
                     const int8_t* table, int table_size, const Share& share);
    // [columns][groups] each. Zero points are kept where one of them is not 0.
    void set_parameters(const std::vector<float>& scales, const std::vector<int32_t>& zero_points, int64_t group_size);
    void set_bias(const float* bias);  // [columns]

    const WeightOnlyRow& row() const { return *row_; }
    bool codes() const { return !table_.empty(); }
    int64_t panels() const { return panels_; }
    // The arguments that a panel decides.
    WeightOnlyArgs args(int64_t panel) const;
    size_t bytes() const;

private:
    int64_t padded() const { return panels_ * row_->columns; }

    const WeightOnlyRow* row_;
    int64_t columns_, depth_, panels_, panel_bytes_, group_size_;
    AlignedArray<uint8_t> weights_;
    AlignedArray<int8_t> table_;
    AlignedArray<float> scales_, zeros_;  // [panels][groups][columns of a panel]
    AlignedArray<float> bias_;
};

}  // namespace octavo

#endif
