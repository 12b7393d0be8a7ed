// What the static and the dynamic linear layer have in common: their shape, and the product of rows with packed weights, either
// s8 numbers (family gemm) or 4-bit codes decoded inside the kernel, or groups along K of either (family lookup).
#ifndef OCTAVO_OPS_LINEAR_ROWS_H
#define OCTAVO_OPS_LINEAR_ROWS_H

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ops/code_product.h"
#include "ops/matrix_product.h"

namespace octavo {

struct LinearShape {
    int64_t rows;             // of a sample, or of all where there is no batch
    int64_t depth, features;  // K, N
    bool batched;

    int64_t macs() const { return rows * depth * features; }
};

void require_linear_operands(const OpDesc& desc, const std::string& where);
// x [.., K], weight [N, K], y [.., N]; throws Error where they do not fit.
LinearShape linear_shape(const OpDesc& desc, const std::string& where);
// The weights as RowProduct takes them: those of few levels as 4-bit codes where groups along K ask for it or kernels are fast.
struct LinearWeights {
    LinearWeights(const Value& given, Isa isa, const std::string& where, SharedObjects* facts);
    const Value& value() const { return codes ? *codes : *given; }

    const Value* given;
    std::optional<Value> codes;
    DenseWeights dense;
};

// Bands of rows, and shares of the panels of output features where bands are fewer than threads.
struct RowSplit {
    int64_t total;        // rows
    int64_t rows, bands;  // rows of a band
    int64_t shares;
    int64_t items() const { return bands * shares; }
};

// parts: panels of output features; element_bytes: of A.
RowSplit split_rows(int64_t total, const LinearShape& shape, int64_t element_bytes, int macs_per_ns, int64_t parts,
                    int threads);

class RowProduct {
public:
    // operands.weights: those of `weights`.
    RowProduct(Isa isa, const LinearWeights& weights, const LinearShape& shape, const StageOperands& operands);

    // Rows of A lie a_stride apart; c is [rows, N].
    void run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first,
             int64_t end) const noexcept;
    // The same with another stage than the packed one, with arrays of columns() elements, and another zero point of A, which only
    // weights with groups look at: for others the stage has it.
    void run(const uint8_t* a, int64_t a_stride, int64_t rows, void* c, std::byte* scratch, int64_t first, int64_t end,
             const OutputStage& stage, int32_t zero_point) const noexcept;
    RowSplit split(int64_t total, int threads) const;
    int64_t parts() const { return gemm_ ? gemm_->parts() : codes_->parts(); }
    int over_read() const { return gemm_ ? gemm_->over_read() : 0; }
    size_t scratch_bytes(int64_t rows) const {
        return gemm_ ? gemm_->scratch_bytes(rows) : codes_->scratch_bytes(rows);
    }
    std::string kernel() const { return gemm_ ? gemm_->kernel() : codes_->kernel(); }
    std::string reason() const;
    int64_t weight_bytes() const { return gemm_ ? gemm_->weight_bytes() : codes_->weight_bytes(); }
    int macs_per_ns() const { return macs_per_ns_; }
    // What run uses unless it is given another, and how long its arrays are.
    OutputStage stage() const { return gemm_ ? gemm_->stage() : codes_->stage(); }
    int64_t columns() const { return first_column(parts()); }
    // Of a part; for parts() the number of columns.
    int64_t first_column(int64_t part) const { return gemm_ ? gemm_->first_column(part) : codes_->first_column(part); }

private:
    int64_t depth_, features_;
    int32_t zero_point_;
    int macs_per_ns_;
    std::unique_ptr<MatrixProduct> gemm_;
    std::unique_ptr<CodeProduct> codes_;
};

}  // namespace octavo

#endif
