// SLICE, CONCAT and SPLIT: parts of dimensions, taken out of values and put together.
#include <cmath>
#include <memory>

#include "base/numerics.h"
#include "ops/factories.h"
#include "ops/move.h"

namespace octavo {
namespace {

void same_but_along(const Checks& checks, const Value& x, const Value& y, int axis) {
    same_rank(checks, x, y);
    for (int i = 0; i < static_cast<int>(x.dims.size()); i++)
        if (i != axis) has_size(checks, y, i, x.dims[i], "as \"" + x.name + "\" has");
}

// How codes of one scale become those of another; PyTorch's cat has these orders of operations.
enum class Formula { fused, groups, rest };

// Dequantized and quantized, fused. Channels last the first channels of an input, in whole groups of eight, and the rest of them
// have formulas of their own.
uint8_t requantized(Formula formula, int32_t code, const Value& x, const Value& y) {
    const float scale = x.scales[0], inverse = 1.0f / y.scales[0];
    const int32_t zero_x = x.zero_points[0], zero_y = y.zero_points[0];
    const float real = dequantize(code, scale, zero_x);
    if (formula == Formula::fused)
        return static_cast<uint8_t>(quantize_fused(real, inverse, zero_y, y.code_min, y.code_max));
    if (formula == Formula::rest)
        return static_cast<uint8_t>(quantize_two_step(real, inverse, zero_y, y.code_min, y.code_max));
    const float shifted = std::fmaf(scale, static_cast<float>(code), -scale * static_cast<float>(zero_x));
    return static_cast<uint8_t>(requantize(shifted, inverse, zero_y, y.code_min, y.code_max));
}

bool is_copied(const Value& x, const Value& y) {
    return x.dtype == y.dtype && x.scales == y.scales && x.zero_points == y.zero_points && y.code_min <= x.code_min &&
           x.code_max <= y.code_max;
}

}  // namespace

std::unique_ptr<Op> create_slice(const OpDesc& desc) {
    const Checks checks(desc, "slice", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const Attributes& a = desc.attributes;
    moves(checks, x, y);
    same_rank(checks, x, y);
    has_one_each(checks, x, a.start_count, "starts");
    if (a.step_count != 0) has_one_each(checks, x, a.step_count, "steps");
    const std::vector<int64_t> strides = memory_strides(x);
    std::vector<int64_t> steps(x.dims.size());
    int64_t start = 0;
    for (size_t i = 0; i < steps.size(); i++) {
        const int64_t first = a.starts[i], step = a.step_count == 0 ? 1 : a.steps[i];
        if (step == 0) checks.fail(OCTAVO_INVALID_ARGUMENT, "steps[" + std::to_string(i) + "] is 0");
        int64_t last;
        if (__builtin_mul_overflow(y.dims[i] - 1, step, &last) || __builtin_add_overflow(first, last, &last)) last = -1;
        if (first < 0 || first >= x.dims[i] || last < 0 || last >= x.dims[i])
            checks.fail(OCTAVO_SHAPE_MISMATCH, "elements " + std::to_string(first) + " to " + std::to_string(last) +
                                                   " of dimension " + std::to_string(i) + " for \"" + y.name + "\" " +
                                                   y.shape_text() + ", but \"" + x.name + "\" has shape " +
                                                   x.shape_text());
        start += first * strides[i];
        steps[i] = step * strides[i];
    }
    keeps_batch(checks, x, a.starts[0] == 0 && (a.step_count == 0 || a.steps[0] == 1), "cuts");
    AxisCopy copy(axes_like(y, steps), start, 0, static_cast<int64_t>(x.element_bytes()), desc.isa);
    auto op = std::make_unique<MoveOp>(move_name("slice", x, copy), y.batched);
    op->add(0, x, 0, y, std::move(copy));
    return op;
}

std::unique_ptr<Op> create_concat(const OpDesc& desc) {
    const Checks checks(desc, "concat", desc.inputs.size());
    const Value& y = checks.output();
    movable(checks, y);
    const int axis = checked_axis(checks, y, desc.attributes.axis, "axis");
    keeps_batch(checks, y, axis != 0, "puts values together along");
    const std::vector<int64_t> to = memory_strides(y);
    const auto element = static_cast<int64_t>(y.element_bytes());
    struct Piece {
        size_t input;
        AxisCopy copy;
    };
    std::vector<Piece> pieces;
    std::string name;
    int64_t first = 0;
    for (size_t i = 0; i < desc.inputs.size(); i++) {
        const Value& x = checks.input(i);
        movable(checks, x);
        same_batch(checks, x, y);
        same_but_along(checks, x, y, axis);
        const bool copied = is_copied(x, y);
        const std::vector<int64_t> from = memory_strides(x);
        const MemoryOrder order = memory_order(y);
        const auto add = [&](int64_t begin, int64_t end, Formula formula) {
            if (begin == end) return;
            uint8_t table[256];
            for (int byte = 0; byte < 256 && !copied; byte++)
                table[byte] = requantized(formula, x.dtype == OCTAVO_S8 ? static_cast<int8_t>(byte) : byte, x, y);
            std::vector<CopyAxis> axes;
            for (int along : order.axes)
                axes.push_back({along == axis ? end - begin : x.dims[along], to[along], from[along]});
            pieces.push_back({i, AxisCopy(std::move(axes), begin * from[axis], (first + begin) * to[axis], element,
                                          desc.isa, 0, copied ? nullptr : table)});
            if (name.empty() || !copied) name = move_name("concat", y, pieces.back().copy);
        };
        const int64_t n = x.dims[axis];
        if (copied) {
            add(0, n, Formula::fused);
        } else {
            for (const Value* value : {&x, &y})
                if (!is_codes(*value))
                    checks.refuse("\"" + x.name + "\" and \"" + y.name +
                                  "\" differ in type, scale or zero point; u8 and s8 with one scale can change theirs");
            const bool channels_last = y.layout == OCTAVO_NHWC && axis == 1;
            add(0, n / 8 * 8, channels_last ? Formula::groups : Formula::fused);
            add(n / 8 * 8, n, channels_last ? Formula::rest : Formula::fused);
        }
        first += n;
    }
    has_size(checks, y, axis, first, "the sum of the inputs'");
    auto op = std::make_unique<MoveOp>(name, y.batched);
    for (Piece& piece : pieces) op->add(piece.input, checks.input(piece.input), 0, y, std::move(piece.copy));
    return op;
}

std::unique_ptr<Op> create_split(const OpDesc& desc) {
    const Checks checks(desc, "split", 1);
    const Value& x = checks.input(0);
    movable(checks, x);
    const int axis = checked_axis(checks, x, desc.attributes.axis, "axis");
    keeps_batch(checks, x, axis != 0, "cuts");
    const std::vector<int64_t> from = memory_strides(x);
    std::unique_ptr<MoveOp> op;
    int64_t first = 0;
    for (size_t i = 0; i < desc.outputs.size(); i++) {
        if (desc.outputs[i] == nullptr)
            checks.fail(OCTAVO_INVALID_ARGUMENT,
                        "output " + std::to_string(i) + " is absent, expected all parts; slices take some of them");
        const Value& y = *desc.outputs[i];
        moves(checks, x, y);
        same_but_along(checks, x, y, axis);
        AxisCopy copy(axes_like(y, from), first * from[axis], 0, static_cast<int64_t>(x.element_bytes()), desc.isa);
        if (op == nullptr) op = std::make_unique<MoveOp>(move_name("split", x, copy), x.batched);
        op->add(0, x, i, y, std::move(copy));
        first += y.dims[axis];
    }
    if (first != x.dims[axis])
        checks.fail(OCTAVO_SHAPE_MISMATCH, "the parts have " + std::to_string(first) + " in dimension " +
                                               std::to_string(axis) + " together, but \"" + x.name + "\" has shape " +
                                               x.shape_text());
    return op;
}

}  // namespace octavo
