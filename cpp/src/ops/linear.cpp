// Integer linear layers: rows of A shared among threads, or panels of output features where rows are few.
#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/image_band.h"
#include "ops/linear_rows.h"
#include "ops/sum_bounds.h"

namespace octavo {
namespace {

class Linear : public Op {
public:
    Linear(const OpDesc& desc, const std::string& where)
        : shape_(linear_shape(desc, where)),
          attributes_(desc.attributes),
          x_(product_input(*desc.inputs[0], *desc.outputs[0], where)) {
        LinearWeights weights(*desc.inputs[1], desc.isa, where, desc.weights);
        const StageOperands operands = {&weights.dense,
                                        x_,
                                        desc.inputs.size() > 2 ? desc.inputs[2] : nullptr,
                                        nullptr,
                                        desc.outputs[0],
                                        &desc.attributes,
                                        where,
                                        desc.threads,
                                        desc.weights};
        require_32_bit_sums(operands);
        steps_fit_ = steps_fit_32_bits(operands);
        if (!steps_fit_) weights = LinearWeights(*desc.inputs[1], Isa::scalar, where, desc.weights);
        product_ = std::make_unique<RowProduct>(steps_fit_ ? desc.isa : Isa::scalar, weights, shape_, operands);
        float_result_ = desc.outputs[0]->dtype == OCTAVO_F32;
        result_bytes_ = static_cast<int64_t>(desc.outputs[0]->element_bytes());
        copies_ = x_.flip || product_->over_read() > 0;
    }

    void run(const RunArgs& args) const noexcept override {
        const Split split = split_of(args.batch, args.threads);
        const auto* x = static_cast<const uint8_t*>(args.inputs[0]);
        auto* y = static_cast<std::byte*>(args.outputs[0]);
        const auto work = [&](int64_t item, int worker) {
            std::byte* scratch = static_cast<std::byte*>(args.scratch) + static_cast<size_t>(worker) * split.scratch;
            const int64_t shares = split.rows.shares, share = shares == 1 ? 0 : item % shares;
            const int64_t band = shares == 1 ? item : item / shares;
            const int64_t first = band * split.rows.rows, rows = std::min(split.rows.rows, split.rows.total - first);
            const uint8_t* a = x + first * shape_.depth;
            if (copies_) {
                auto* copy = reinterpret_cast<uint8_t*>(scratch + split.copy_at);
                copy_codes(a, rows * shape_.depth, x_.flip, copy);
                a = copy;
            }
            std::byte* c = y + first * shape_.features * result_bytes_;
            const int64_t parts = product_->parts();
            if (shares == 1) {
                product_->run(a, shape_.depth, rows, c, scratch, 0, parts);
            } else {
                product_->run(a, shape_.depth, rows, c, scratch, parts * share / shares, parts * (share + 1) / shares);
            }
        };
        if (split.rows.items() == 1) {
            work(0, 0);
        } else {
            parallel_for(split.rows.items(), args.threads, work);
        }
        if (float_result_)
            clamp_floats(reinterpret_cast<float*>(y), split.rows.total * shape_.features, attributes_, args.threads);
    }

    size_t scratch_bytes(int64_t batch, int threads) const override {
        const Split split = split_of(batch, threads);
        return split.scratch * static_cast<size_t>(split.rows.items() == 1 ? 1 : std::max(threads, 1));
    }
    std::string kernel() const override { return "linear_" + product_->kernel(); }
    std::string reason() const override { return steps_fit_ ? product_->reason() : steps_do_not_fit; }
    int64_t weight_bytes() const override { return product_->weight_bytes(); }
    int64_t macs() const override { return shape_.macs(); }

private:
    struct Split {
        RowSplit rows;
        size_t copy_at, scratch;  // of a worker: the copy lies behind the product's own
    };

    Split split_of(int64_t batch, int threads) const {
        Split split = {};
        split.rows = product_->split(shape_.batched ? batch * shape_.rows : shape_.rows, threads);
        const int64_t rows = std::min(split.rows.rows, split.rows.total);
        split.copy_at = round_up(product_->scratch_bytes(rows), alignment);
        split.scratch = split.copy_at;
        if (copies_) split.scratch += round_up(static_cast<size_t>(rows * shape_.depth) + 64, alignment);
        return split;
    }

    LinearShape shape_;
    Attributes attributes_;
    Activations x_;
    std::unique_ptr<RowProduct> product_;
    int64_t result_bytes_ = 1;
    bool float_result_ = false, copies_ = false, steps_fit_ = true;
};

}  // namespace

std::unique_ptr<Op> create_linear(const OpDesc& desc) {
    const std::string where = "linear \"" + desc.name + "\"";
    require_linear_operands(desc, where);
    if (desc.inputs[0]->dtype == OCTAVO_F32) {
        if (!desc.inputs[1]->scales.empty()) return create_linear_weight_only(desc);
        throw Refusal(where + ": Octavo has no float linear layer of its own");
    }
    return std::make_unique<Linear>(desc, where);
}

}  // namespace octavo
