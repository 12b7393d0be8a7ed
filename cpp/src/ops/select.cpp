// TRILU and ONE_HOT: what stands where is known by its place.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"
#include "ops/split.h"
#include "registry/copy.h"

namespace octavo {
namespace {

// ---- TRILU

class TriluOp : public Op {
public:
    TriluOp(const Value& x, int64_t diagonal, bool upper, Isa isa)
        : x_(x),
          batched_(x.batched),
          upper_(upper),
          diagonal_(diagonal),
          element_(static_cast<int64_t>(x.element_bytes())),
          height_(x.dims[x.dims.size() - 2]),
          width_(x.dims.back()),
          rows_(x.elements() / width_),
          zero_(x.zero_points.empty() ? 0 : static_cast<uint8_t>(x.zero_points[0])),
          fill_(copy_kernels(isa).of(element_)),
          name_(std::string("trilu_") + type_name(x.dtype) + "_copy") {}

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* y = static_cast<char*>(args.outputs[0]);
        split(samples(batched_, args) * rows_, 1, width_ * element_ * 40, args.threads,
              [&](int64_t begin, int64_t end) {
                  for (int64_t row = begin; row < end; row++)
                      copy_row(row % height_, x + row * width_ * element_, y + row * width_ * element_);
              });
    }

    bool in_place() const override { return true; }
    std::string kernel() const override { return name_; }

private:
    void copy_row(int64_t row, const char* x, char* y) const noexcept {
        // Columns up to here, or from here on, are kept.
        const int64_t cut = std::min(std::max<int64_t>(row + diagonal_ + (upper_ ? 0 : 1), 0), width_);
        const int64_t first = upper_ ? cut : 0, kept = upper_ ? width_ - cut : cut;
        if (x != y) std::memcpy(y + first * element_, x + first * element_, static_cast<size_t>(kept * element_));
        fill_(&zero_, 0, y + (upper_ ? 0 : cut) * element_, 1, width_ - kept);
    }

    Operand x_;
    bool batched_, upper_;
    int64_t diagonal_, element_, height_, width_, rows_;
    uint64_t zero_;
    StridedCopy fill_;
    std::string name_;
};

// ---- ONE_HOT

template <class Index>
class OneHotOp : public Op {
public:
    OneHotOp(const Value& indices, const Value& values, const Value& y, int axis, Isa isa)
        : indices_(indices),
          values_(values),
          batched_(y.batched),
          element_(static_cast<int64_t>(y.element_bytes())),
          depth_(y.dims[axis]),
          put_(copy_kernels(isa).of(element_)),
          name_(std::string("one_hot_") + type_name(y.dtype) + "_copy") {
        for (size_t i = static_cast<size_t>(axis); i < indices.dims.size(); i++) inner_ *= indices.dims[i];
        outer_ = indices.elements() / inner_;
    }

    void run(const RunArgs& args) const noexcept override {
        const Index* indices = static_cast<const Index*>(indices_.at(args.inputs[0]));
        const char* values = static_cast<const char*>(values_.at(args.inputs[1]));
        char* y = static_cast<char*>(args.outputs[0]);
        const int64_t group = depth_ * inner_;
        split(samples(batched_, args) * outer_, 1, group * element_ * 40 + inner_ * 2000, args.threads,
              [&](int64_t begin, int64_t end) {
                  put_(values, 0, y + begin * group * element_, 1, (end - begin) * group);
                  for (int64_t i = begin * inner_; i < end * inner_; i++) {
                      const int64_t at = place(indices[i]);
                      if (at >= 0)
                          put_(values + element_, 0, y + (i / inner_ * group + at * inner_ + i % inner_) * element_, 1,
                               1);
                  }
              });
    }

    std::string kernel() const override { return name_; }

private:
    // Along the new dimension; -1: nowhere.
    int64_t place(Index index) const noexcept {
        if (!(index >= static_cast<Index>(-depth_) && index < static_cast<Index>(depth_))) return -1;
        const auto whole = static_cast<int64_t>(index);
        if (static_cast<Index>(whole) != index) return -1;
        return whole < 0 ? whole + depth_ : whole;
    }

    Operand indices_, values_;
    bool batched_;
    int64_t element_, depth_, outer_ = 1, inner_ = 1;
    StridedCopy put_;
    std::string name_;
};

void row_major(const Checks& checks, const Value& value) {
    if (value.layout != OCTAVO_PLAIN)
        checks.refuse("\"" + value.name + "\" lies channels last; it runs in the row-major layout alone");
}

}  // namespace

std::unique_ptr<Op> create_trilu(const OpDesc& desc) {
    const Checks checks(desc, "trilu", 1);
    const Value &x = checks.input(0), &y = checks.output();
    moves(checks, x, y);
    checks.same_shape(x, y);
    row_major(checks, x);
    row_major(checks, y);
    if (x.dims.size() < (x.batched ? 3u : 2u))
        checks.fail(OCTAVO_SHAPE_MISMATCH,
                    "\"" + x.name + "\" has shape " + x.shape_text() + ", expected matrices in its last dimensions");
    return std::make_unique<TriluOp>(x, desc.attributes.diagonal, desc.attributes.upper != 0, desc.isa);
}

std::unique_ptr<Op> create_one_hot(const OpDesc& desc) {
    const Checks checks(desc, "one_hot", 2);
    const Value &indices = checks.input(0), &values = checks.input(1), &y = checks.output();
    movable(checks, y);
    row_major(checks, indices);
    row_major(checks, y);
    same_batch(checks, indices, y);
    checks.rank(y, indices.dims.size() + 1);
    const int axis = checked_axis(checks, y, desc.attributes.axis, "axis");
    keeps_batch(checks, y, axis != 0, "puts another dimension in front of");
    std::vector<int64_t> dims = indices.dims;
    dims.insert(dims.begin() + axis, y.dims[axis]);
    if (dims != y.dims)
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", expected " +
                                               indices.shape_text() + " of \"" + indices.name +
                                               "\" with one more dimension at " + std::to_string(axis));
    if (values.role != OCTAVO_CONSTANT || values.dtype != y.dtype || values.dims != std::vector<int64_t>{2})
        checks.fail(OCTAVO_INVALID_ARGUMENT, "the values \"" + values.name + "\" are " + type_name(values.dtype) + " " +
                                                 values.shape_text() + ", expected two constant " + type_name(y.dtype));
    if (indices.dtype == OCTAVO_S64) return std::make_unique<OneHotOp<int64_t>>(indices, values, y, axis, desc.isa);
    if (indices.dtype == OCTAVO_S32) return std::make_unique<OneHotOp<int32_t>>(indices, values, y, axis, desc.isa);
    if (indices.dtype == OCTAVO_F32) return std::make_unique<OneHotOp<float>>(indices, values, y, axis, desc.isa);
    checks.refuse("indices \"" + indices.name + "\" are " + type_name(indices.dtype) + "; s32, s64 and f32 can be");
}

}  // namespace octavo
