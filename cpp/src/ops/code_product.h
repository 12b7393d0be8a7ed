// Rows times 4-bit weights that are decoded in registers, or s8 ones with groups along K: family lookup.
#ifndef OCTAVO_OPS_CODE_PRODUCT_H
#define OCTAVO_OPS_CODE_PRODUCT_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "kernels/gemm.h"
#include "ops/output_stage.h"
#include "pack/code_panels.h"

namespace octavo {

// Of groups along K. A panel's parameters lie together, as its codes do: [panels][groups][columns of a panel].
struct GroupTerms {
    AlignedArray<int32_t> starts;  // minus the sum of a group's weights
    AlignedArray<float> scales;
    size_t bytes() const { return starts.bytes() + scales.bytes(); }
};

class CodeProduct {
public:
    // weight [features, depth]: operands.weights as given, before decoding; codes, or with groups any type. Throws Refusal for what
    // no kernel takes.
    CodeProduct(Isa isa, const Value& weight, const StageOperands& operands);

    // a [rows][depth], rows a_stride bytes apart; c [rows, features]. zero_point: what is multiplied with the sums of the
    // weights of a group; without groups the stage has it.
    void run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first, int64_t end,
             const OutputStage& stage, int32_t zero_point) const noexcept;
    int64_t parts() const { return panels_->panels(); }
    int64_t first_column(int64_t part) const { return part * panels_->row().columns; }
    size_t scratch_bytes(int64_t rows) const;
    std::string kernel() const;
    std::string reason() const { return bytes_ ? "" : "4-bit codes are decoded inside the kernel"; }
    int64_t weight_bytes() const;
    int64_t columns() const { return panels_->panels() * panels_->row().columns; }  // of the stage's arrays
    OutputStage stage() const { return stage_->stage(); }

private:
    bool prepares() const;  // rows of A are brought into the form that the kernel reads
    int64_t prepared_stride(int64_t copies) const;
    void prepare(const uint8_t* a, int64_t a_stride, int64_t rows, int64_t copies, uint8_t* to) const noexcept;
    // Rows so many that a panel is decoded first, into scratch memory, for family gemm.
    bool decodes(int64_t rows) const;
    int64_t decoded_bytes() const;
    void run_decoded(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
                     int64_t end, const OutputStage& stage) const noexcept;

    int64_t features_, depth_, group_size_;
    bool bytes_;  // not codes
    bool pairs_;  // two neighbouring products fit 16 bits
    std::shared_ptr<const CodePanels> panels_;
    std::shared_ptr<const PackedStage> stage_;
    const GemmTile* tile_ = nullptr;  // as wide as a panel, for rows so many that panels are decoded before
    std::vector<int32_t> offsets_;
    std::shared_ptr<const GroupTerms> terms_;  // null: no groups along K
};

}  // namespace octavo

#endif
