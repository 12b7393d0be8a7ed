// MATMUL: products of matrices, a stack of them where values have more than two dimensions.
#include <algorithm>
#include <cstring>

#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/plain_type.h"
#include "ops/split.h"
#include "registry/matmul.h"

namespace octavo {
namespace {

// Which matrix of a and of b belongs to each of y, y's lying one behind the other.
class Stack {
public:
    Stack(const Checks& checks, const Value& a, const Value& b, const Value& y) {
        const size_t rank = y.dims.size();
        const Strides of_a(checks, a, y), of_b(checks, b, y);
        k_ = a.dims.back(), columns_ = b.dims.back(), rows_ = a.dims[a.dims.size() - 2];
        rows_batched_ = y.batched && rank == 2;
        for (size_t d = 0; d + 2 < rank; d++) {
            const bool batch = y.batched && d == 0;
            if (y.dims[d] != 1 || batch) outer_.push_back({y.dims[d], of_a.strides[d], of_b.strides[d], batch});
        }
        // Matrices that meet the same b are one of more rows.
        while (!outer_.empty() && outer_.back().b == 0 && outer_.back().a == rows_ * k_) {
            rows_ *= outer_.back().count;
            rows_batched_ = rows_batched_ || outer_.back().batch;
            outer_.pop_back();
        }
    }

    int64_t k() const { return k_; }
    int64_t columns() const { return columns_; }
    int64_t rows(int64_t batch) const { return rows_batched_ ? rows_ * batch : rows_; }
    int64_t count(int64_t batch) const {
        int64_t count = 1;
        for (const Outer& outer : outer_) count *= outer.batch ? batch : outer.count;
        return count;
    }
    // First elements of the matrices that matrix i is the product of.
    void find(int64_t i, int64_t* a, int64_t* b) const {
        *a = *b = 0;
        for (size_t d = outer_.size(); d-- > 0;) {
            const Outer& outer = outer_[d];
            const int64_t at = d == 0 ? i : i % outer.count;
            i /= outer.count;
            *a += at * outer.a;
            *b += at * outer.b;
        }
    }

private:
    struct Outer {
        int64_t count, a, b;  // elements from one to the next; 0: the same for all
        bool batch;           // the count is the run's
    };

    // Of each dimension of y before the last two: elements of x from an index to the next, 0 where it has one for all.
    struct Strides {
        Strides(const Checks& checks, const Value& x, const Value& y) : strides(y.dims.size(), 0) {
            const size_t rank = y.dims.size(), missing = rank - std::min(rank, x.dims.size());
            const std::string what = "\"" + x.name + "\" has shape " + x.shape_text() +
                                     ", whose matrices are not broadcast to those of " + y.shape_text();
            if (x.batched && (!y.batched || missing > 0))
                checks.fail(OCTAVO_SHAPE_MISMATCH, what + ": the batch is the first dimension of both");
            int64_t next = x.dims[x.dims.size() - 2] * x.dims.back();
            for (size_t d = x.dims.size() - 2; d-- > 0; next *= x.dims[d]) {
                const bool batch = x.batched && d == 0;
                if (x.dims[d] != 1 && x.dims[d] != y.dims[missing + d]) checks.fail(OCTAVO_SHAPE_MISMATCH, what);
                if (batch || x.dims[d] != 1) strides[missing + d] = next;
            }
        }
        std::vector<int64_t> strides;
    };

    int64_t rows_, columns_, k_;
    bool rows_batched_;
    std::vector<Outer> outer_;
};

class MatMulOp : public Op {
public:
    MatMulOp(const Checks& checks, const OpDesc& desc)
        : a_(checks.input(0)),
          b_(checks.input(1)),
          stack_(checks, checks.input(0), checks.input(1), checks.output()),
          kernels_(matmul_kernels(desc.isa)),
          floats_(checks.output().dtype == OCTAVO_F32),
          macs_(checked_multiply(checks.output().elements(), stack_.k())) {}

    std::string kernel() const override {
        return std::string(floats_ ? "matmul_f32_" : "matmul_s32_") + kernels_.suffix;
    }
    int64_t weight_bytes() const override { return static_cast<int64_t>(a_.bytes() + b_.bytes()); }
    int64_t macs() const override { return macs_; }
    size_t scratch_bytes(int64_t, int threads) const override {
        return floats_ ? static_cast<size_t>(threads * panel_bytes()) : 0;
    }

    void run(const RunArgs& args) const noexcept override { floats_ ? run_floats(args) : run_integers(args); }

private:
    // A part of y: some rows and some panels of columns of one matrix, a's rows staying in the cache from panel to panel.
    static constexpr int64_t block_rows = 192, block_k = 256, block_panels = 8;
    // From so many rows on a panel is copied, where it lies densely.
    static constexpr int64_t rows_worth_copying = 12;

    int64_t panel_bytes() const { return block_k * kernels_.columns * static_cast<int64_t>(sizeof(float)); }

    void run_floats(const RunArgs& args) const {
        const int64_t rows = stack_.rows(args.batch), columns = stack_.columns(), count = stack_.count(args.batch);
        const int64_t panels = ceil_div(columns, kernels_.columns), bands = ceil_div(rows, block_rows);
        const int64_t work = count * rows * columns * stack_.k() * picoseconds_of_mac;
        const int threads = static_cast<int>(std::clamp<int64_t>(work / worth_a_thread, 1, args.threads));
        // Several parts a thread, if there are so many.
        const int64_t wanted = threads > 1 ? 4 * threads : 1;
        const int64_t together = std::clamp<int64_t>(count * bands * panels / wanted, 1, block_panels);
        const int64_t groups = ceil_div(panels, together);
        parallel_for(count * bands * groups, threads, [&](int64_t part, int worker) {
            const int64_t matrix = part / (bands * groups), band = part / groups % bands, group = part % groups;
            const int64_t row = rows * band / bands, end_row = rows * (band + 1) / bands;
            const int64_t end = std::min(columns, (group + 1) * together * kernels_.columns);
            int64_t at_a, at_b;
            stack_.find(matrix, &at_a, &at_b);
            float* panel = reinterpret_cast<float*>(static_cast<char*>(args.scratch) + worker * panel_bytes());
            block(static_cast<const float*>(a_.at(args.inputs[0])) + at_a + row * stack_.k(),
                  static_cast<const float*>(b_.at(args.inputs[1])) + at_b,
                  static_cast<float*>(args.outputs[0]) + (matrix * rows + row) * columns, end_row - row,
                  group * together * kernels_.columns, end, panel);
        });
    }

    // Columns [begin, end) of some rows.
    void block(const float* a, const float* b, float* y, int64_t rows, int64_t begin, int64_t end, float* panel) const {
        const int64_t k = stack_.k(), columns = stack_.columns(), width = kernels_.columns;
        for (int64_t first = 0; first < k; first += block_k) {
            const int64_t depth = std::min(block_k, k - first);
            for (int64_t column = begin; column < end; column += width) {
                const float* from = b + first * columns + column;
                const int64_t n = std::min(width, columns - column);
                const bool copied = n < width || (rows >= rows_worth_copying && columns > width);
                if (copied) copy_panel(from, columns, n, depth, panel);
                kernels_.panel(a + first, k, copied ? panel : from, copied ? width : columns, y + column, columns, rows,
                               n, depth, first > 0);
            }
        }
    }

    void copy_panel(const float* from, int64_t stride, int64_t n, int64_t depth, float* to) const {
        const auto bytes = static_cast<size_t>(n) * sizeof(float);
        const size_t rest = static_cast<size_t>(kernels_.columns) * sizeof(float) - bytes;
        for (int64_t j = 0; j < depth; j++, from += stride, to += kernels_.columns) {
            std::memcpy(to, from, bytes);
            std::memset(to + n, 0, rest);
        }
    }

    void run_integers(const RunArgs& args) const {
        const auto* a = static_cast<const int32_t*>(a_.at(args.inputs[0]));
        const auto* b = static_cast<const int32_t*>(b_.at(args.inputs[1]));
        auto* y = static_cast<int32_t*>(args.outputs[0]);
        const int64_t rows = stack_.rows(args.batch), columns = stack_.columns(), k = stack_.k();
        split(stack_.count(args.batch) * rows, 1, columns * k * 4 * picoseconds_of_mac, args.threads,
              [&](int64_t begin, int64_t end) {
                  for (int64_t i = begin; i < end; i++) {
                      int64_t at_a, at_b;
                      stack_.find(i / rows, &at_a, &at_b);
                      const int32_t* row = a + at_a + i % rows * k;
                      std::memset(y + i * columns, 0, static_cast<size_t>(columns) * sizeof(int32_t));
                      for (int64_t j = 0; j < k; j++)
                          kernels_.add_times(row[j], b + at_b + j * columns, y + i * columns, columns);
                  }
              });
    }

    static constexpr int64_t picoseconds_of_mac = 12;

    Operand a_, b_;
    Stack stack_;
    const MatMulKernels& kernels_;
    bool floats_;
    int64_t macs_;
};

}  // namespace

std::unique_ptr<Op> create_matmul(const OpDesc& desc) {
    const Checks checks(desc, "matmul", 2);
    const Value &a = checks.input(0), &b = checks.input(1), &y = checks.output();
    for (const Value* value : {&a, &b, &y}) {
        const bool runs = value->dtype == OCTAVO_F32 || (value->dtype == OCTAVO_S32 && value->scales.empty());
        if (!runs || value->dtype != y.dtype)
            checks.refuse("\"" + a.name + "\" is " + kind_of(a) + ", \"" + b.name + "\" " + kind_of(b) + ", \"" +
                          y.name + "\" " + kind_of(y) + "; f32, or s32 without scales, for all three can run");
        if (value->layout != OCTAVO_PLAIN)
            checks.refuse("\"" + value->name + "\" lies channels last; plain layout alone can run");
        if (value->dims.size() < 2)
            checks.fail(OCTAVO_SHAPE_MISMATCH,
                        "\"" + value->name + "\" has shape " + value->shape_text() + ", expected rank 2 or more");
    }
    // As many dimensions as the greater of the two, each the greater one; then rows of a, columns of b.
    const size_t rank = std::max(a.dims.size(), b.dims.size());
    std::vector<int64_t> dims(rank, 1);
    for (const Value* x : {&a, &b}) {
        for (size_t d = 0; d + 2 < x->dims.size(); d++)
            dims[rank - x->dims.size() + d] = std::max(dims[rank - x->dims.size() + d], x->dims[d]);
    }
    dims[rank - 2] = a.dims[a.dims.size() - 2];
    dims[rank - 1] = b.dims.back();
    Value expected = y;
    expected.dims = dims;
    expected.batched = (a.batched && a.dims.size() == rank) || (b.batched && b.dims.size() == rank);
    if (b.dims[b.dims.size() - 2] != a.dims.back())
        checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + b.name + "\" has shape " + b.shape_text() + ", expected " +
                                               std::to_string(a.dims.back()) + " rows, as many as \"" + a.name +
                                               "\" of " + a.shape_text() + " has columns");
    if (b.batched && b.dims.size() == 2)
        checks.refuse("the rows of \"" + b.name + "\" are the batch: a sample's result cannot depend on other samples");
    if (dims != y.dims || expected.batched != y.batched)
        checks.fail(OCTAVO_SHAPE_MISMATCH,
                    "\"" + y.name + "\" has shape " + y.shape_text() + ", expected " + expected.shape_text());
    return std::make_unique<MatMulOp>(checks, desc);
}

}  // namespace octavo
