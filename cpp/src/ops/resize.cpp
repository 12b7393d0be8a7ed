// RESIZE: x sampled at other places. Along each axis a result is a weighted sum of elements around the place that its coordinate
// names, and those of all axes multiply (ONNX, Resize).
#include <algorithm>
#include <cmath>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>

#include "base/numerics.h"
#include "cpu/pool.h"
#include "ops/factories.h"
#include "ops/move.h"
#include "ops/split.h"
#include "registry/resize.h"

namespace octavo {
namespace {

struct Tap {
    int64_t index;
    double weight;
};
using Taps = std::vector<Tap>;  // of one place; none: outside of the region

// How one axis is sampled.
class AxisSampling {
public:
    AxisSampling(const Attributes& a, int64_t size, int64_t to, double scale, double start, double end)
        : a_(a), size_(size), to_(to), scale_(scale), start_(start), end_(end) {}

    std::vector<Taps> taps() const {
        std::vector<Taps> all;
        for (int64_t i = 0; i < to_; i++) {
            const double at = place(static_cast<double>(i));
            const bool crop = a_.coordinates == OCTAVO_TF_CROP_AND_RESIZE;
            if (crop && !(at >= 0 && at <= static_cast<double>(size_ - 1)))
                all.emplace_back();
            else
                all.push_back(a_.interpolation == OCTAVO_NEAREST ? nearest(at) : around(at));
        }
        return all;
    }

private:
    // Where in x the center of element i lies; size * scale is what the result would measure if it were not rounded.
    double place(double i) const {
        const auto size = static_cast<double>(size_), to = static_cast<double>(to_);
        const double length = size * scale_;
        switch (a_.coordinates) {
            case OCTAVO_HALF_PIXEL_SYMMETRIC:
                return size / 2 * (1 - to / length) + (i + 0.5) / scale_ - 0.5;
            case OCTAVO_PYTORCH_HALF_PIXEL:
                return to_ == 1 ? 0 : (i + 0.5) / scale_ - 0.5;
            case OCTAVO_ALIGN_CORNERS:
                return length == 1 ? 0 : i * (size - 1) / (length - 1);
            case OCTAVO_ASYMMETRIC:
                return i / scale_;
            case OCTAVO_TF_HALF_PIXEL_FOR_NN:
                return (i + 0.5) / scale_;
            case OCTAVO_TF_CROP_AND_RESIZE:
                return to_ == 1 ? (start_ + end_) * (size - 1) / 2
                                : start_ * (size - 1) + i * (end_ - start_) * (size - 1) / (to - 1);
            default:
                return (i + 0.5) / scale_ - 0.5;
        }
    }

    // A place far away, or none at all, is that of the first or last element.
    int64_t clamped(double index) const {
        return index >= static_cast<double>(size_ - 1) ? size_ - 1 : index > 0 ? static_cast<int64_t>(index) : 0;
    }

    Taps nearest(double at) const {
        switch (a_.nearest) {
            case OCTAVO_ROUND_PREFER_CEIL:
                return {{clamped(std::floor(at + 0.5)), 1}};
            case OCTAVO_FLOOR:
                return {{clamped(std::floor(at)), 1}};
            case OCTAVO_CEIL:
                return {{clamped(std::ceil(at)), 1}};
            default:
                return {{clamped(std::ceil(at - 0.5)), 1}};
        }
    }

    Taps around(double at) const {
        // Shrinking widens the filter by as much, if asked to.
        const double width = a_.antialias != 0 ? std::min(scale_, 1.0) : 1;
        const double reach = (a_.interpolation == OCTAVO_LINEAR ? 1 : 2) / width;
        // Behind the ends all elements are the same, so that a place far outside needs no more than its reach.
        const double near = std::min(std::max(at, -2 * reach - 2), static_cast<double>(size_) + 2 * reach + 2);
        Taps found;
        double total = 0;
        for (double i = std::ceil(near - reach); i <= std::floor(near + reach); i++) {
            const bool beyond = i < 0 || i >= static_cast<double>(size_);
            const double w = weight(std::fabs(i - near) * width);
            if (w == 0 || (beyond && a_.exclude_outside != 0)) continue;
            total += w;
            const int64_t index = clamped(i);
            if (!found.empty() && found.back().index == index)
                found.back().weight += w;
            else
                found.push_back({index, w});
        }
        // Nothing of x in reach.
        if (found.empty()) return {{clamped(near), 1}};
        for (Tap& tap : found) tap.weight /= total;
        return found;
    }

    // Of an element at a distance: a triangle, or the cubic of Keys (1981), equation 8.
    double weight(double distance) const {
        if (a_.interpolation == OCTAVO_LINEAR) return std::max(0.0, 1 - distance);
        const double a = static_cast<double>(a_.cubic_a);
        if (distance <= 1) return ((a + 2) * distance - (a + 3)) * distance * distance + 1;
        return distance < 2 ? ((distance - 5) * distance + 8) * distance * a - 4 * a : 0;
    }

    const Attributes& a_;
    int64_t size_, to_;
    double scale_, start_, end_;
};

// An axis of the result as it lies in memory.
struct ResizedAxis {
    int axis;
    int64_t from, to;
    int64_t x_step;          // elements
    std::vector<Taps> taps;  // of each place of a resized one; none: as it is
};

// Linear and cubic. x is seen as groups, which nothing is summed over, of rows. Rows of the result are sums of those of x, along
// all resized axes but perhaps the last one; along that elements of a row are then summed. Rows are independent of each other.
class InterpolateOp : public Op {
public:
    InterpolateOp(const Value& x, const Value& y, const std::vector<ResizedAxis>& axes, float outside_value,
                  const ResizeKernels& kernels, const char* kind)
        : x_(x),
          batched_(y.batched),
          dtype_(x.dtype),
          element_(static_cast<int64_t>(x.element_bytes())),
          lo_(y.code_min),
          hi_(y.code_max),
          outside_(outside_value),
          kernels_(kernels),
          name_(std::string(kind) + "_" + type_name(x.dtype) + "_" + kernels.suffix) {
        size_t first = axes.size(), last = 0, resized = 0;
        for (size_t i = 0; i < axes.size(); i++) {
            if (axes[i].taps.empty()) continue;
            first = std::min(first, i);
            last = i;
            resized++;
        }
        for (size_t i = 0; i < first; i++) groups_ *= axes[i].to;
        group_x_ = axes[first].from * axes[first].x_step;
        int64_t inner = 1;
        for (size_t i = last + 1; i < axes.size(); i++) inner *= axes[i].to;
        across_ = resized > 1 || inner < 16;
        list_rows(axes, first, across_ ? last : last + 1);
        row_ = across_ ? axes[last].from * inner : inner;
        out_ = across_ ? axes[last].to * inner : inner;
        if (across_) list_columns(axes[last], inner);
        const auto rows = static_cast<int64_t>(first_.size()) - 1;
        cost_ = static_cast<int64_t>(places_.size()) * row_ * 80 / rows +
                (static_cast<int64_t>(column_places_.size()) + static_cast<int64_t>(gathered_.size()) * 4) * 200 +
                out_ * 50;
    }

    void run(const RunArgs& args) const noexcept override {
        const char* x = static_cast<const char*>(x_.at(args.inputs[0]));
        char* y = static_cast<char*>(args.outputs[0]);
        const int64_t each = static_cast<int64_t>(first_.size()) - 1;
        const int64_t rows = samples(batched_, args) * groups_ * each;
        const int64_t parts =
            std::max<int64_t>(1, std::min<int64_t>({rows, rows * cost_ / worth_a_thread, args.threads}));
        const auto part = [&](int64_t i, int) {
            float* scratch = reinterpret_cast<float*>(static_cast<char*>(args.scratch) + i * part_bytes());
            for (int64_t row = rows * i / parts; row < rows * (i + 1) / parts; row++)
                make_row(static_cast<size_t>(row % each), x + row / each * group_x_ * element_,
                         y + row * out_ * element_, scratch);
        };
        if (parts == 1)
            part(0, 0);
        else
            parallel_for(parts, args.threads, part);
    }

    size_t scratch_bytes(int64_t, int threads) const override { return static_cast<size_t>(threads * part_bytes()); }
    std::string kernel() const override { return name_; }
    int64_t weight_bytes() const override {
        return static_cast<int64_t>((places_.size() + column_places_.size()) * 12 + gathered_.size() * 8);
    }

private:
    bool is_float() const { return dtype_ == OCTAVO_F32; }

    // Of each row of a group all combinations of the taps along its axes.
    void list_rows(const std::vector<ResizedAxis>& axes, size_t begin, size_t end) {
        first_ = {0};
        std::vector<int64_t> index(axes.size(), 0);
        for (;;) {
            std::vector<std::pair<int64_t, double>> terms = {{0, 1.0}};
            for (size_t i = begin; i < end; i++) {
                const ResizedAxis& axis = axes[i];
                const Taps unchanged = {{index[i], 1}};
                std::vector<std::pair<int64_t, double>> all;
                for (const auto& term : terms)
                    for (const Tap& tap : axis.taps.empty() ? unchanged : axis.taps[static_cast<size_t>(index[i])])
                        all.emplace_back(term.first + tap.index * axis.x_step, term.second * tap.weight);
                terms = std::move(all);
            }
            for (const auto& term : terms) {
                places_.push_back(term.first);
                weights_.push_back(static_cast<float>(term.second));
            }
            first_.push_back(static_cast<int64_t>(places_.size()));
            size_t i = end;
            while (i > begin && ++index[i - 1] == axes[i - 1].to) index[--i] = 0;
            if (i == begin) return;
        }
    }

    // Of each element, or of each run of several, the ones of a row that are summed.
    void list_columns(const ResizedAxis& axis, int64_t inner) {
        size_t most = 1;
        for (const Taps& taps : axis.taps) most = std::max(most, taps.size());
        run_ = inner;
        const bool short_runs = inner < 8;
        if (short_runs) {
            terms_ = static_cast<int64_t>(most);
            gathered_.assign(most * static_cast<size_t>(out_), 0);
            gathered_weights_.assign(gathered_.size(), 0);
        }
        column_first_ = {0};
        for (int64_t i = 0; i < axis.to; i++) {
            const Taps& taps = axis.taps[static_cast<size_t>(i)];
            if (taps.empty()) outside_columns_.push_back(i);
            for (size_t t = 0; short_runs && t < most && !taps.empty(); t++) {
                // A place that has fewer terms takes its first one again, for nothing.
                const Tap& tap = taps[t < taps.size() ? t : 0];
                for (int64_t c = 0; c < inner; c++) {
                    const size_t at = t * static_cast<size_t>(out_) + static_cast<size_t>(i * inner + c);
                    gathered_[at] = static_cast<int32_t>(tap.index * inner + c);
                    gathered_weights_[at] = t < taps.size() ? static_cast<float>(tap.weight) : 0;
                }
            }
            for (size_t t = 0; !short_runs && t < taps.size(); t++) {
                column_places_.push_back(taps[t].index * inner);
                column_weights_.push_back(static_cast<float>(taps[t].weight));
            }
            column_first_.push_back(static_cast<int64_t>(column_places_.size()));
        }
    }

    int64_t part_bytes() const { return odd_lines(row_ * 4) + odd_lines(out_ * 4); }

    void make_row(size_t row, const char* x, char* y, float* scratch) const noexcept {
        const int64_t first = first_[row], terms = first_[row + 1] - first;
        float* sums = is_float() ? reinterpret_cast<float*>(y) : scratch + odd_lines(row_ * 4) / 4;
        if (terms == 0) {
            std::fill(sums, sums + out_, outside_);
        } else if (!across_) {
            combine(x, first, terms, sums);
        } else if (is_float() && terms == 1 && weights_[static_cast<size_t>(first)] == 1) {
            sum_across(reinterpret_cast<const float*>(x) + places_[static_cast<size_t>(first)], sums);
        } else {
            combine(x, first, terms, scratch);
            sum_across(scratch, sums);
        }
        if (dtype_ == OCTAVO_U8)
            kernels_.round_u8(sums, reinterpret_cast<uint8_t*>(y), out_, lo_, hi_);
        else if (dtype_ == OCTAVO_S8)
            kernels_.round_s8(sums, reinterpret_cast<int8_t*>(y), out_, lo_, hi_);
    }

    void combine(const char* x, int64_t first, int64_t terms, float* sums) const noexcept {
        const int64_t* places = places_.data() + first;
        const float* weights = weights_.data() + first;
        if (is_float())
            kernels_.combine_f32(reinterpret_cast<const float*>(x), places, weights, terms, sums, row_);
        else if (dtype_ == OCTAVO_U8)
            kernels_.combine_u8(reinterpret_cast<const uint8_t*>(x), places, weights, terms, sums, row_);
        else
            kernels_.combine_s8(reinterpret_cast<const int8_t*>(x), places, weights, terms, sums, row_);
    }

    void sum_across(const float* row, float* sums) const noexcept {
        if (!gathered_.empty()) {
            kernels_.across(row, gathered_.data(), gathered_weights_.data(), terms_, sums, out_);
        } else {
            for (size_t i = 0; i + 1 < column_first_.size(); i++) {
                const int64_t first = column_first_[i], terms = column_first_[i + 1] - first;
                if (terms > 0)
                    kernels_.combine_f32(row, column_places_.data() + first, column_weights_.data() + first, terms,
                                         sums + static_cast<int64_t>(i) * run_, run_);
            }
        }
        for (int64_t column : outside_columns_) std::fill(sums + column * run_, sums + (column + 1) * run_, outside_);
    }

    Operand x_;
    bool batched_, across_ = false;
    octavo_dtype dtype_;
    int64_t element_;
    int32_t lo_, hi_;
    float outside_;  // a code where results are codes
    const ResizeKernels& kernels_;
    std::string name_;
    int64_t groups_ = 1, group_x_ = 0;     // of a sample; elements of x
    int64_t row_ = 0, out_ = 0;            // elements of a row of x and of the result
    int64_t cost_ = 0;                     // picoseconds of a row
    std::vector<int64_t> first_, places_;  // terms of row r: from first_[r] to first_[r + 1]
    std::vector<float> weights_;
    int64_t terms_ = 0, run_ = 1;
    std::vector<int32_t> gathered_;  // [terms_, out_]
    std::vector<float> gathered_weights_;
    std::vector<int64_t> column_first_, column_places_;  // or, for runs of several, as of rows
    std::vector<float> column_weights_;
    std::vector<int64_t> outside_columns_;
};

bool is_identity(const std::vector<Taps>& taps, int64_t from) {
    if (static_cast<int64_t>(taps.size()) != from) return false;
    for (size_t i = 0; i < taps.size(); i++)
        if (taps[i].size() != 1 || taps[i][0].index != static_cast<int64_t>(i) || taps[i][0].weight != 1) return false;
    return true;
}

class Resize {
public:
    explicit Resize(const OpDesc& desc)
        : desc_(desc), a_(desc.attributes), checks_(desc, "resize", 1), x_(checks_.input(0)), y_(checks_.output()) {
        moves(checks_, x_, y_);
        same_rank(checks_, x_, y_);
        const auto rank = static_cast<int>(x_.dims.size());
        const int named = a_.axis_count > 0 ? a_.axis_count : rank;
        if (a_.scale_count != 0 && a_.scale_count != named) wrong_count("scales", a_.scale_count, named);
        if (a_.coordinates == OCTAVO_TF_CROP_AND_RESIZE && a_.roi_count != 2 * named)
            wrong_count("roi", a_.roi_count, 2 * named);
        const std::vector<int64_t> strides = memory_strides(x_);
        for (int axis : memory_order(y_).axes) {
            int number = a_.axis_count > 0 ? -1 : axis;
            for (int i = 0; i < a_.axis_count; i++)
                if (checked_axis(checks_, x_, a_.axes[i], "axes") == axis) number = i;
            ResizedAxis resized{axis, x_.dims[axis], y_.dims[axis], strides[axis], {}};
            if (number < 0) {
                has_size(checks_, y_, axis, x_.dims[axis], "as \"" + x_.name + "\" has, for it is not resized");
            } else {
                resized.taps = taps(axis, number, named);
                if (is_identity(resized.taps, resized.from)) resized.taps.clear();
                keeps_batch(checks_, x_, axis != 0 || resized.taps.empty(), "resizes");
            }
            axes_.push_back(std::move(resized));
        }
    }

    std::unique_ptr<Op> create() const {
        const bool any = std::any_of(axes_.begin(), axes_.end(), [](const ResizedAxis& a) { return !a.taps.empty(); });
        if (a_.interpolation == OCTAVO_NEAREST || !any) return nearest();
        const char* kind = a_.interpolation == OCTAVO_LINEAR ? "resize_linear" : "resize_cubic";
        if (x_.dtype != OCTAVO_F32 && x_.dtype != OCTAVO_U8 && x_.dtype != OCTAVO_S8)
            checks_.refuse("\"" + x_.name + "\" is " + type_name(x_.dtype) + "; f32, u8 and s8 can be interpolated");
        checks_.same_layout(x_, y_);
        check_sizes();
        return std::make_unique<InterpolateOp>(x_, y_, axes_, extrapolated(), resize_kernels(desc_.isa), kind);
    }

private:
    [[noreturn]] void wrong_count(const char* key, int found, int expected) const {
        checks_.fail(OCTAVO_SHAPE_MISMATCH, std::string(key) + " has " + std::to_string(found) + " numbers, expected " +
                                                std::to_string(expected) + " for \"" + x_.name + "\" " +
                                                x_.shape_text());
    }

    std::vector<Taps> taps(int axis, int number, int named) const {
        double scale = static_cast<double>(y_.dims[axis]) / static_cast<double>(x_.dims[axis]);
        if (a_.scale_count > 0) scale = static_cast<double>(a_.scales[number]);
        if (a_.scale_axis >= 0) {
            const int of = checked_axis(checks_, x_, a_.scale_axis, "scale_axis");
            scale = static_cast<double>(y_.dims[of]) / static_cast<double>(x_.dims[of]);
        }
        const double reach = a_.antialias != 0 ? 4 / std::min(scale, 1.0) + 4 : 8;
        if (reach * static_cast<double>(y_.dims[axis]) > most_terms)
            checks_.refuse("dimension " + std::to_string(axis) + " of \"" + y_.name + "\" " + y_.shape_text() +
                           " has too many weights at scale " + std::to_string(scale));
        const bool crop = a_.coordinates == OCTAVO_TF_CROP_AND_RESIZE;
        const double start = crop ? static_cast<double>(a_.roi[number]) : 0;
        const double end = crop ? static_cast<double>(a_.roi[named + number]) : 1;
        return AxisSampling(a_, x_.dims[axis], y_.dims[axis], scale, start, end).taps();
    }

    // Weights that a plan can hold and numbers that 32 bits do.
    void check_sizes() const {
        double terms = 1, rows = 1, greatest = 255;
        for (const ResizedAxis& axis : axes_) {
            double most = 1, sum = 1;
            for (const Taps& taps : axis.taps) {
                double of_place = 0;
                for (const Tap& tap : taps) of_place += std::fabs(tap.weight);
                most = std::max(most, static_cast<double>(taps.size()));
                if (!(of_place < sum)) sum = of_place;
            }
            terms *= most;
            if (!axis.taps.empty()) rows *= static_cast<double>(axis.to);
            greatest *= sum;
        }
        if (terms * rows > most_terms || checked_product(x_.dims) > INT32_MAX || checked_product(y_.dims) > INT32_MAX)
            checks_.refuse("\"" + x_.name + "\" " + x_.shape_text() + " to \"" + y_.name + "\" " + y_.shape_text() +
                           " has too many elements or weights");
        if (!(greatest < 2147480000.0))
            checks_.refuse("the weights are too large: a sum of codes may be " + std::to_string(greatest));
    }

    // What stands outside of the region, as a code where results are.
    float extrapolated() const {
        const float value = a_.extrapolation;
        if (x_.dtype == OCTAVO_F32) return value;
        const int32_t lo = y_.code_min, hi = y_.code_max;
        if (y_.scales.empty()) return static_cast<float>(clamp_s32(to_s32(value), lo, hi));
        return static_cast<float>(quantize_fused(value, 1.0f / y_.scales[0], y_.zero_points[0], lo, hi));
    }

    // The elements themselves at other places.
    std::unique_ptr<Op> nearest() const {
        std::vector<CopyAxis> axes;
        const std::vector<int64_t> strides = memory_strides(y_);
        for (const ResizedAxis& axis : axes_) {
            CopyAxis copied{axis.to, strides[axis.axis], axis.x_step};
            for (const Taps& taps : axis.taps)
                copied.offsets.push_back(taps.empty() ? outside : taps[0].index * axis.x_step);
            axes.push_back(std::move(copied));
        }
        AxisCopy copy(std::move(axes), 0, 0, static_cast<int64_t>(x_.element_bytes()), desc_.isa, filler());
        auto op = std::make_unique<MoveOp>(move_name("resize_nearest", x_, copy), y_.batched);
        op->add(0, x_, 0, y_, std::move(copy));
        return op;
    }

    uint64_t filler() const {
        uint64_t filler = 0;
        if (x_.dtype == OCTAVO_F32) {
            std::memcpy(&filler, &a_.extrapolation, sizeof a_.extrapolation);
        } else if (x_.dtype == OCTAVO_U8 || x_.dtype == OCTAVO_S8) {
            filler = static_cast<uint8_t>(static_cast<int32_t>(extrapolated()));
        } else {
            const auto whole = static_cast<int64_t>(to_s32(a_.extrapolation));
            std::memcpy(&filler, &whole, sizeof whole);
        }
        return filler;
    }

    static constexpr double most_terms = 1 << 24;

    const OpDesc& desc_;
    const Attributes& a_;
    Checks checks_;
    const Value &x_, &y_;
    std::vector<ResizedAxis> axes_;
};

}  // namespace

std::unique_ptr<Op> create_resize(const OpDesc& desc) { return Resize(desc).create(); }

}  // namespace octavo
