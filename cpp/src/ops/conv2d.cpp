// Integer convolution in NHWC: lines of output shared among threads, each by the product that was chosen for it.
#include <algorithm>
#include <utility>

#include "base/sizes.h"
#include "cpu/pool.h"
#include "ops/conv_geometry.h"
#include "ops/conv_products.h"
#include "ops/factories.h"
#include "ops/image_band.h"
#include "ops/splitting.h"
#include "ops/sum_bounds.h"

namespace octavo {
namespace {

constexpr int64_t slack = 64;  // bytes behind a band's copy, at least what any kernel over-reads

class Conv2d : public Op {
public:
    Conv2d(const OpDesc& desc, const std::string& where)
        : geometry_(conv_geometry(desc, where)), x_(product_input(*desc.inputs[0], *desc.outputs[0], where)) {
        const ConvGeometry convolution = geometry_;
        if (desc.max_pool) geometry_ = pooled(convolution);
        const Value& y = *desc.outputs[0];
        if (y.dtype != OCTAVO_U8 && y.dtype != OCTAVO_S8 && y.dtype != OCTAVO_S32)
            throw Refusal(where + ": an integer convolution gives u8, s8 or s32");
        result_bytes_ = static_cast<int64_t>(y.element_bytes());
        images_ = desc.inputs[0]->batched ? 0 : desc.inputs[0]->dims[0];
        const DenseWeights weights = dense_weights(*desc.inputs[1], where);
        macs_ = checked_product({convolution.out_height, convolution.out_width, weights.outputs, weights.depth,
                                 std::max<int64_t>(images_, 1)});
        StageOperands operands = {&weights,         x_,    nullptr,      nullptr,     &y,
                                  &desc.attributes, where, desc.threads, desc.weights};
        if (desc.inputs.size() > 2) operands.bias = desc.inputs[2];
        if (desc.inputs.size() > 3) operands.residual = desc.inputs[3];
        residual_input_ = operands.residual != nullptr ? 3 : -1;
        require_32_bit_sums(operands);
        steps_fit_ = steps_fit_32_bits(operands);
        if (desc.max_pool && !steps_fit_) throw Refusal(where + ": " + steps_do_not_fit);
        const Isa isa = steps_fit_ ? desc.isa : Isa::scalar;
        band_kernels_ = &band_row(isa);
        ConvProduct chosen = choose_product({isa, convolution, geometry_, desc.max_pool, operands, *band_kernels_});
        product_ = std::move(chosen.product);
        copies_ = chosen.copies;
        rests_ = std::move(chosen.rests);
        one_line_ = !desc.max_pool && geometry_.pointwise();
        alone_ = split_of(1, 1);
    }

    void run(const RunArgs& args) const noexcept override {
        const ConvGeometry& g = geometry_;
        const Split split = split_of(args.batch, args.threads);
        const auto* x = static_cast<const uint8_t*>(args.inputs[0]);
        auto* y = static_cast<uint8_t*>(args.outputs[0]);
        const auto* residual =
            residual_input_ < 0 ? nullptr : static_cast<const uint8_t*>(args.inputs[residual_input_]);
        const int64_t image_results = g.out_height * g.out_width * g.outputs;
        const auto work = [&](int64_t item, int worker) {
            std::byte* scratch = static_cast<std::byte*>(args.scratch) + static_cast<size_t>(worker) * split.scratch;
            const int64_t share = item % split.shares, from = item / split.shares * split.bands_an_item;
            const int64_t parts = product_->parts();
            for (int64_t b = from; b < std::min(split.bands, from + split.bands_an_item); b++) {
                const int64_t image = b / split.bands_an_image, band_of_image = b % split.bands_an_image;
                const int64_t first = first_line(split, band_of_image);
                Lines lines = {};
                lines.first = copies_ ? 0 : first;
                lines.lines = first_line(split, band_of_image + 1) - first;
                lines.pixels = g.out_width;
                lines.pixel_bytes = g.stride_w * g.channels;
                lines.line_bytes = g.stride_h * pitch();
                lines.c = y + (image * image_results + first * g.out_width * g.outputs) * result_bytes_;
                if (residual != nullptr)
                    lines.residual = residual + image * image_results + first * g.out_width * g.outputs;
                lines.scratch = scratch;
                const uint8_t* pixels = x + image * g.height * g.width * g.channels;
                if (copies_) {
                    auto* band = reinterpret_cast<uint8_t*>(scratch + split.band_at);
                    copy_band(*band_kernels_, g, pixels, first, lines.lines, static_cast<uint8_t>(x_.zero_point),
                              x_.flip, band, pitch());
                    rests_.fill(band, lines.lines);
                    lines.a = band;
                } else {
                    lines.a = pixels + first * lines.line_bytes;
                }
                if (one_line_) {
                    lines.pixels *= lines.lines;
                    lines.lines = 1;
                }
                product_->run(lines, parts * share / split.shares, parts * (share + 1) / split.shares);
            }
        };
        if (split.items == 1) {
            work(0, 0);
        } else {
            parallel_for(split.items, args.threads, work);
        }
    }

    size_t scratch_bytes(int64_t batch, int threads) const override {
        const Split split = split_of(batch, threads);
        return split.scratch * static_cast<size_t>(split.items == 1 ? 1 : std::max(threads, 1));
    }
    std::string kernel() const override { return "conv2d_" + product_->kernel(); }
    std::string reason() const override { return steps_fit_ ? product_->reason() : steps_do_not_fit; }
    int64_t weight_bytes() const override { return product_->weight_bytes(); }
    int64_t macs() const override { return macs_; }

private:
    struct Split {
        int64_t lines;  // of a band, at most
        int64_t bands_an_image, bands;
        int64_t shares;  // of the panels of output channels, each with the same bands
        int64_t bands_an_item, items;
        size_t band_at;  // in a worker's scratch, behind the product's own
        size_t scratch;  // bytes of a worker
    };

    int64_t pitch() const {
        if (rests_.any()) return rests_.pitch();
        return (copies_ ? geometry_.needed_width() : geometry_.width) * geometry_.channels;
    }

    // Lines of the output that are not taken apart: how many there are of them, and where a band of them begins.
    int64_t line_groups() const { return ceil_div(geometry_.out_height, product_->lines_together()); }
    int64_t first_line(const Split& split, int64_t band) const {
        return std::min(geometry_.out_height, line_groups() * band / split.bands_an_image * product_->lines_together());
    }

    Split split_of(int64_t batch, int threads) const {
        const ConvGeometry& g = geometry_;
        const int64_t images = images_ > 0 ? images_ : batch;
        if (threads <= 1 && alone_.lines > 0) {
            Split split = alone_;
            split.bands = split.bands_an_item = images * split.bands_an_image;
            return split;
        }
        const int64_t image_macs = macs_ / std::max<int64_t>(images_, 1);
        int64_t wanted = pieces_worth(static_cast<double>(images * image_macs) / product_->macs_per_ns(), threads);
        Split split = {};
        // Of image and weights the smaller one is read by all threads. Lines that stay together are prepared by each share anew: only
        // one a thread, and where weights do not stay in L2 or lines cannot be shared out evenly.
        const bool together = product_->lines_together() > 1;
        const int64_t pieces = together ? threads : ceil_div(wanted, std::max<int64_t>(images, 1));
        const bool by_weights =
            images < wanted && !copies_ &&
            (together ? weight_bytes() > static_cast<int64_t>(cache_bytes(2)) || line_groups() % threads != 0
                      : weight_bytes() > g.height * g.width * g.channels);
        split.shares = by_weights ? even_shares(product_->parts(), pieces, threads) : 1;
        if (split.shares > 1) wanted = 1;
        int64_t bands = wanted <= images ? 1 : std::min(line_groups(), ceil_div(wanted, std::max<int64_t>(images, 1)));
        if (copies_ || product_->parts() > 1) {
            // A band, or its copy, should still be in L2 when it is read again.
            const int64_t most = static_cast<int64_t>(cache_bytes(2) / 2);
            const int64_t line = g.stride_h * pitch();
            bands = std::max(bands, std::min(line_groups(), ceil_div(g.out_height * line, most)));
        }
        split.lines = ceil_div(line_groups(), bands) * product_->lines_together();
        split.bands_an_image = bands;
        split.bands = images * split.bands_an_image;
        split.bands_an_item = std::max<int64_t>(1, split.bands / std::max<int64_t>(1, std::min(wanted, split.bands)));
        split.items = std::max<int64_t>(1, ceil_div(split.bands, split.bands_an_item)) * split.shares;
        split.band_at = round_up(product_->scratch_bytes(split.lines * g.out_width), alignment);
        split.scratch = split.band_at;
        if (copies_) {
            const int64_t band = g.needed_height(split.lines) * pitch();
            split.scratch += round_up(static_cast<size_t>(band + slack), alignment);
        }
        return split;
    }

    ConvGeometry geometry_;  // with a max-pool that of the maxima, whose windows hold those of four pixels
    Activations x_;
    int64_t images_ = 0;  // fixed number; 0: the batch of the run
    int64_t macs_ = 0;
    int64_t result_bytes_ = 1;
    int residual_input_ = -1;
    bool copies_ = false, steps_fit_ = true;
    Split alone_ = {};  // of an image, on one thread
    const BandRow* band_kernels_ = nullptr;
    Rests rests_;            // of a copy
    bool one_line_ = false;  // all pixels of all lines are evenly spaced
    std::unique_ptr<LineProduct> product_;
};

}  // namespace

std::unique_ptr<Op> create_conv2d(const OpDesc& desc) {
    const std::string where = "conv2d \"" + desc.name + "\"";
    if (desc.inputs.size() < 2 || desc.inputs[0] == nullptr || desc.inputs[1] == nullptr || desc.outputs.empty() ||
        desc.outputs[0] == nullptr) {
        throw Error(OCTAVO_INVALID_ARGUMENT, where + ": needs an input, a weight and an output");
    }
    if (desc.inputs[0]->dtype == OCTAVO_F32) throw Refusal(where + ": Octavo has no float convolution of its own");
    return std::make_unique<Conv2d>(desc, where);
}

}  // namespace octavo
