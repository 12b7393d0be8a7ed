// REORDER and FLATTEN: the same elements in another order, or only under another shape.
#include <algorithm>
#include <cstring>

#include "ops/checks.h"
#include "ops/factories.h"
#include "ops/movement.h"
#include "ops/split.h"
#include "registry/transpose.h"

namespace octavo {
namespace {

class CopyOp : public Op {
public:
    explicit CopyOp(const Value& x) : x_(x), batched_(x.batched), bytes_(static_cast<int64_t>(x.sample_bytes())) {}

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* y = static_cast<char*>(args.outputs[0]);
        if (x == y) return;
        split(samples(batched_, args) * bytes_, 64, 40, args.threads,
              [&](int64_t begin, int64_t end) { std::memcpy(y + begin, x + begin, static_cast<size_t>(end - begin)); });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return "copy"; }

private:
    Operand x_;
    bool batched_;
    int64_t bytes_;
};

class TransposeOp : public Op {
public:
    TransposeOp(const char* kind, const Value& x, const Movement& move, Isa isa)
        : x_(x), move_(move), batched_(x.batched), element_(static_cast<int64_t>(x.element_bytes())) {
        // Elements of 8 bytes, which are indices and few, have the definition alone.
        const TransposeKernels& kernels = transpose_kernels(element_ == 8 ? Isa::scalar : isa);
        kernel_ = element_ == 1 ? kernels.bytes : element_ == 4 ? kernels.words : kernels.longs;
        name_ = std::string(kind) + "_" + type_name(x.dtype) + move.suffix() + "_" + kernels.suffix;
    }

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* y = static_cast<char*>(args.outputs[0]);
        const int64_t rows = move_.rows, columns = move_.columns;
        const int64_t down = ceil_div(rows, tile), across = ceil_div(columns, tile);
        const int64_t images = samples(batched_, args) * move_.images;
        split(images * down * across, 1, ceil_div(move_.elements(), down * across) * 100, args.threads,
              [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; i++) {
                      const int64_t row = i / across % down * tile, column = i % across * tile;
                      const int64_t image = i / (down * across) * move_.elements();
                      kernel_(x + (image + row * columns + column) * element_, columns,
                              y + (image + column * rows + row) * element_, rows, std::min(tile, rows - row),
                              std::min(tile, columns - column));
                  }
              });
    }

    std::string kernel() const override { return name_; }

private:
    static constexpr int64_t tile = 128;  // both sides of a tile stay in the cache nearest to the core

    Operand x_;
    Movement move_;
    bool batched_;
    int64_t element_;
    TransposeFunction kernel_;
    std::string name_;
};

std::unique_ptr<Op> create(const OpDesc& desc, const char* kind, const Value& x, bool changes) {
    const Movement move = movement(x, changes);
    if (move.transposed) return std::make_unique<TransposeOp>(kind, x, move, desc.isa);
    return std::make_unique<CopyOp>(x);
}

}  // namespace

std::unique_ptr<Op> create_reorder(const OpDesc& desc) {
    const Checks checks(desc, "reorder", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_shape(x, y);
    checks.same_parameters(x, y);
    checks.holds_codes(y, x);
    return create(desc, "reorder", x, x.layout != y.layout);
}

std::unique_ptr<Op> create_flatten(const OpDesc& desc) {
    const Checks checks(desc, "flatten", 1);
    const Value &x = checks.input(0), &y = checks.output();
    checks.same_parameters(x, y);
    checks.holds_codes(y, x);
    if (x.dims.empty() || y.dims.size() != 2 || x.batched != y.batched || x.dims[0] != y.dims[0] ||
        x.elements() != y.elements())
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() +
                                               ", expected all features of " + x.shape_text() + " in one axis");
    return create(desc, "flatten", x, x.layout == OCTAVO_NHWC);
}

}  // namespace octavo
