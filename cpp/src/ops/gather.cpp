// GATHER: elements at places that other elements name, known when the plan is built or in a run only.
#include <algorithm>
#include <cstring>
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"
#include "ops/split.h"
#include "registry/copy.h"

namespace octavo {
namespace {

// Negative ones count from the end; what is outside then becomes the nearest that there is, as a run cannot fail.
int64_t within(int64_t index, int64_t n) {
    const int64_t counted = index < 0 ? index + n : index;
    return std::min(std::max<int64_t>(counted, 0), n - 1);
}

int64_t read(const void* indices, bool wide, int64_t i) {
    return wide ? static_cast<const int64_t*>(indices)[i] : static_cast<const int32_t*>(indices)[i];
}

int64_t product(const std::vector<int64_t>& dims, size_t from, size_t to) {
    int64_t product = 1;
    for (size_t i = from; i < to; i++) product *= dims[i];
    return product;
}

// Runs of x at places that a position of the result gives: slices and tuples. Of `outer` blocks of x each position of the indices, or
// of the block's own part of them, picks one run.
class GatherRunsOp : public Op {
public:
    struct Shape {
        int64_t outer;      // blocks of x in a sample, each with positions of its own in y
        int64_t positions;  // of a block
        int64_t run;        // elements that a position picks
        std::vector<int64_t> sizes,
            steps;                  // of the dimensions that an index, or a tuple of them, is in; steps in elements
        int64_t x_block, x_sample;  // elements
        int64_t index_block, index_sample;  // indices; 0 where all share them
    };

    GatherRunsOp(const Value& x, const Value& indices, const Value& y, const char* kind, Shape shape, Isa isa)
        : x_(x),
          indices_(indices),
          batched_(y.batched),
          wide_(indices.dtype == OCTAVO_S64),
          element_(static_cast<int64_t>(x.element_bytes())),
          shape_(std::move(shape)),
          copies_(copy_kernels(isa)),
          name_(std::string(kind) + "_" + type_name(x.dtype) + "_copy") {}

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        const void* indices = indices_.at(args.inputs[1]);
        char* y = static_cast<char*>(args.outputs[0]);
        const Shape& s = shape_;
        const int64_t run_bytes = s.run * element_;
        split(samples(batched_, args) * s.outer * s.positions, 1, run_bytes * 40 + 4000, args.threads,
              [&](int64_t begin, int64_t end) {
                  int64_t places[64];
                  for (int64_t at = begin; at < end;) {
                      const int64_t block = at / s.positions, position = at % s.positions;
                      const int64_t sample = block / s.outer, inner = block % s.outer;
                      const int64_t count = std::min<int64_t>({64, end - at, s.positions - position});
                      const int64_t first = sample * s.index_sample + inner * s.index_block;
                      for (int64_t i = 0; i < count; i++) places[i] = place(indices, first, position + i) * element_;
                      copies_.runs(x + (sample * s.x_sample + inner * s.x_block) * element_, places, run_bytes,
                                   y + at * run_bytes, run_bytes, count);
                      at += count;
                  }
              });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes() + indices_.bytes()); }

private:
    int64_t place(const void* indices, int64_t first, int64_t position) const noexcept {
        const auto tuple = static_cast<int64_t>(shape_.sizes.size());
        int64_t place = 0;
        for (int64_t t = 0; t < tuple; t++)
            place += within(read(indices, wide_, first + position * tuple + t), shape_.sizes[t]) * shape_.steps[t];
        return place;
    }

    Operand x_, indices_;
    bool batched_, wide_;
    int64_t element_;
    Shape shape_;
    const CopyKernels& copies_;
    std::string name_;
};

// One element for each index, along an axis.
class GatherElementsOp : public Op {
public:
    GatherElementsOp(const Value& x, const Value& indices, const Value& y, int axis, Isa isa)
        : x_(x),
          indices_(indices),
          batched_(y.batched),
          wide_(indices.dtype == OCTAVO_S64),
          axis_(static_cast<size_t>(axis)),
          element_(static_cast<int64_t>(x.element_bytes())),
          x_sample_(x.batched ? x.elements() : 0),
          y_sample_(y.elements()),
          n_(x.dims[axis]),
          dims_(y.dims),
          steps_(memory_strides(x)),
          copies_(copy_kernels(isa)),
          name_(std::string("gather_elements_") + type_name(x.dtype) + "_copy") {}

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        const void* indices = indices_.at(args.inputs[1]);
        char* y = static_cast<char*>(args.outputs[0]);
        const bool first_is_batch = batched_;
        split(samples(batched_, args) * y_sample_, 1, 5000, args.threads, [&](int64_t begin, int64_t end) {
            int64_t places[64];
            for (int64_t at = begin; at < end;) {
                const int64_t sample = at / y_sample_;
                const int64_t count = std::min<int64_t>({64, end - at, (sample + 1) * y_sample_ - at});
                for (int64_t i = 0; i < count; i++) {
                    int64_t rest = at + i - sample * y_sample_;
                    int64_t place = within(read(indices, wide_, at + i), n_) * steps_[axis_];
                    for (size_t d = dims_.size(); d-- > (first_is_batch ? 1 : 0); rest /= dims_[d])
                        if (d != axis_) place += rest % dims_[d] * steps_[d];
                    places[i] = place * element_;
                }
                copies_.runs(x + sample * x_sample_ * element_, places, element_, y + at * element_, element_, count);
                at += count;
            }
        });
    }

    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override { return static_cast<int64_t>(x_.bytes() + indices_.bytes()); }

private:
    Operand x_, indices_;
    bool batched_, wide_;
    size_t axis_;
    int64_t element_, x_sample_, y_sample_, n_;
    std::vector<int64_t> dims_, steps_;
    const CopyKernels& copies_;
    std::string name_;
};

class Gather {
public:
    explicit Gather(const OpDesc& desc)
        : desc_(desc),
          checks_(desc, "gather", 2),
          x_(checks_.input(0)),
          indices_(checks_.input(1)),
          y_(checks_.output()) {
        movable(checks_, x_);
        checks_.same_parameters(x_, y_);
        checks_.holds_codes(y_, x_);
        if (indices_.dtype != OCTAVO_S32 && indices_.dtype != OCTAVO_S64)
            checks_.fail(OCTAVO_INVALID_ARGUMENT, "indices \"" + indices_.name + "\" are " + type_name(indices_.dtype) +
                                                      ", expected s32 or s64");
        if (y_.batched != (x_.batched || indices_.batched))
            checks_.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y_.name + "\" has shape " + y_.shape_text() +
                                                    ", expected a batch where \"" + x_.name + "\" " + x_.shape_text() +
                                                    " or \"" + indices_.name + "\" " + indices_.shape_text() +
                                                    " has one");
    }

    std::unique_ptr<Op> slices() const {
        const int axis = checked_axis(checks_, x_, desc_.attributes.axis, "axis");
        std::vector<int64_t> dims(x_.dims.begin(), x_.dims.begin() + axis);
        dims.insert(dims.end(), indices_.dims.begin(), indices_.dims.end());
        dims.insert(dims.end(), x_.dims.begin() + axis + 1, x_.dims.end());
        require_shape(dims);
        keeps_batch(checks_, x_, axis != 0, "gathers along");
        if (indices_.batched && (x_.batched || axis != 0))
            checks_.refuse("the batch of \"" + indices_.name + "\" " + indices_.shape_text() +
                           " is not in front of \"" + y_.name + "\" " + y_.shape_text());
        if (indices_.role == OCTAVO_CONSTANT) return known_slices(axis);
        row_major();
        const auto at = static_cast<size_t>(axis);
        GatherRunsOp::Shape shape{};
        shape.outer = product(x_.dims, 0, at);
        shape.positions = indices_.elements();
        shape.run = product(x_.dims, at + 1, x_.dims.size());
        shape.sizes = {x_.dims[at]};
        shape.steps = {shape.run};
        shape.x_block = x_.dims[at] * shape.run;
        shape.x_sample = x_.batched ? x_.elements() : 0;
        shape.index_sample = indices_.batched ? indices_.elements() : 0;
        return std::make_unique<GatherRunsOp>(x_, indices_, y_, "gather", std::move(shape), desc_.isa);
    }

    std::unique_ptr<Op> elements() const {
        const int axis = checked_axis(checks_, x_, desc_.attributes.axis, "axis");
        row_major();
        checks_.rank(indices_, x_.dims.size());
        require_shape(indices_.dims);
        for (int i = 0; i < static_cast<int>(x_.dims.size()); i++)
            if (i != axis && indices_.dims[i] > x_.dims[i])
                checks_.fail(OCTAVO_SHAPE_MISMATCH, "\"" + indices_.name + "\" has shape " + indices_.shape_text() +
                                                        ", expected no more than " + std::to_string(x_.dims[i]) +
                                                        " in dimension " + std::to_string(i));
        keeps_batch(checks_, x_, axis != 0, "gathers along");
        if (x_.batched != indices_.batched && !(indices_.batched && axis == 0))
            checks_.refuse("\"" + x_.name + "\" " + x_.shape_text() + " and \"" + indices_.name + "\" " +
                           indices_.shape_text() + " must both have a batch");
        return std::make_unique<GatherElementsOp>(x_, indices_, y_, axis, desc_.isa);
    }

    std::unique_ptr<Op> tuples() const {
        row_major();
        const auto batch = static_cast<size_t>(desc_.attributes.batch_dims);
        const size_t rank = indices_.dims.size();
        if (batch >= rank || batch + static_cast<size_t>(indices_.dims.back()) > x_.dims.size() ||
            !std::equal(indices_.dims.begin(), indices_.dims.begin() + static_cast<int64_t>(batch), x_.dims.begin()))
            checks_.fail(OCTAVO_SHAPE_MISMATCH, "\"" + indices_.name + "\" has shape " + indices_.shape_text() +
                                                    ", expected positions in \"" + x_.name + "\" " + x_.shape_text() +
                                                    " behind " + std::to_string(batch) + " common dimensions");
        const auto tuple = static_cast<size_t>(indices_.dims.back());
        std::vector<int64_t> dims(indices_.dims.begin(), indices_.dims.end() - 1);
        dims.insert(dims.end(), x_.dims.begin() + static_cast<int64_t>(batch + tuple), x_.dims.end());
        require_shape(dims);
        keeps_batch(checks_, x_, batch > 0, "gathers along");
        if (batch > 0 && x_.batched != indices_.batched)
            checks_.refuse("\"" + x_.name + "\" " + x_.shape_text() + " and \"" + indices_.name + "\" " +
                           indices_.shape_text() + " must both have a batch");
        if (indices_.batched && rank == 1)
            checks_.refuse("the batch of \"" + indices_.name + "\" " + indices_.shape_text() +
                           " is its only dimension");
        const std::vector<int64_t> steps = memory_strides(x_);
        GatherRunsOp::Shape shape{};
        shape.outer = product(x_.dims, 0, batch);
        shape.positions = product(indices_.dims, batch, rank - 1);
        shape.run = product(x_.dims, batch + tuple, x_.dims.size());
        for (size_t t = batch; t < batch + tuple; t++) {
            shape.sizes.push_back(x_.dims[t]);
            shape.steps.push_back(steps[t]);
        }
        shape.x_block = product(x_.dims, batch, x_.dims.size());
        shape.x_sample = x_.batched ? x_.elements() : 0;
        shape.index_block = shape.positions * static_cast<int64_t>(tuple);
        shape.index_sample = indices_.batched ? indices_.elements() : 0;
        return std::make_unique<GatherRunsOp>(x_, indices_, y_, "gather_tuples", std::move(shape), desc_.isa);
    }

private:
    // Indices that are part of the plan: a copy by axes.
    std::unique_ptr<Op> known_slices(int axis) const {
        const int64_t n = x_.dims[axis], count = indices_.elements();
        const std::vector<int64_t> from = memory_strides(x_), to = memory_strides(y_);
        CopyAxis picked{count, 0, 0};
        for (int64_t i = 0; i < count; i++) {
            const int64_t index = read(indices_.data.data(), indices_.dtype == OCTAVO_S64, i);
            if (index < -n || index >= n)
                checks_.fail(OCTAVO_INVALID_ARGUMENT, "index " + std::to_string(i) + " is " + std::to_string(index) +
                                                          ", but \"" + x_.name + "\" has shape " + x_.shape_text() +
                                                          " and dimension " + std::to_string(axis) + " is meant");
            picked.offsets.push_back(within(index, n) * from[axis]);
        }
        const size_t several = indices_.dims.size();
        if (several != 1 && y_.layout != OCTAVO_PLAIN)
            checks_.refuse("\"" + y_.name + "\" lies channels last and indices have " + std::to_string(several) +
                           " dimensions; one can be, or the row-major layout");
        std::vector<CopyAxis> axes;
        for (int place : memory_order(y_).axes) {
            const auto i = static_cast<size_t>(place), at = static_cast<size_t>(axis);
            if (i < at) axes.push_back({y_.dims[i], to[i], from[i]});
            if (i >= at + several) axes.push_back({y_.dims[i], to[i], from[i + 1 - several]});
            if (several > 0 && i == at + several - 1) {
                picked.y_step = to[i];
                axes.push_back(picked);
            }
        }
        if (several == 0) axes.push_back({1, 1, 0, picked.offsets});
        AxisCopy copy(std::move(axes), 0, 0, static_cast<int64_t>(x_.element_bytes()), desc_.isa);
        auto op = std::make_unique<MoveOp>(move_name("gather", x_, copy), y_.batched);
        op->add(0, x_, 0, y_, std::move(copy));
        return op;
    }

    void require_shape(const std::vector<int64_t>& dims) const {
        if (dims == y_.dims) return;
        Value expected;
        expected.dims = dims;
        expected.batched = y_.batched;
        checks_.fail(OCTAVO_SHAPE_MISMATCH,
                     "\"" + y_.name + "\" has shape " + y_.shape_text() + ", expected " + expected.shape_text());
    }

    void row_major() const {
        for (const Value* value : {&x_, &indices_, &y_})
            if (value->layout != OCTAVO_PLAIN)
                checks_.refuse("\"" + value->name +
                               "\" lies channels last; with indices of a run, of elements and of "
                               "tuples it runs in the row-major layout alone");
    }

    const OpDesc& desc_;
    Checks checks_;
    const Value &x_, &indices_, &y_;
};

}  // namespace

std::unique_ptr<Op> create_gather(const OpDesc& desc) {
    const Gather gather(desc);
    if (desc.attributes.gather_mode == OCTAVO_GATHER_SLICES) return gather.slices();
    return desc.attributes.gather_mode == OCTAVO_GATHER_ELEMENTS ? gather.elements() : gather.tuples();
}

}  // namespace octavo
