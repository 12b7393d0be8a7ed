// SPACE_TO_DEPTH and DEPTH_TO_SPACE: the pixels of a block as channels, and back.
#include <memory>

#include "ops/factories.h"
#include "ops/move.h"

namespace octavo {
namespace {

struct Image {
    int64_t channels, height, width;
    std::vector<int64_t> steps;  // of N, C, H, W

    explicit Image(const Value& value)
        : channels(value.dims[1]), height(value.dims[2]), width(value.dims[3]), steps(memory_strides(value)) {}
};

void check(const Checks& checks, const Value& few, const Value& many, const Value& y, int64_t block) {
    // few: fewer channels and more pixels.
    const bool fits = few.dims[0] == many.dims[0] && many.dims[1] % (block * block) == 0 &&
                      few.dims[1] == many.dims[1] / (block * block) && few.dims[2] % block == 0 &&
                      few.dims[3] % block == 0 && few.dims[2] / block == many.dims[2] &&
                      few.dims[3] / block == many.dims[3];
    if (fits) return;
    const Value& x = &few == &y ? many : few;
    checks.fail(OCTAVO_SHAPE_MISMATCH, "\"" + y.name + "\" has shape " + y.shape_text() + ", expected blocks of " +
                                           std::to_string(block) + " x " + std::to_string(block) + " pixels of \"" +
                                           x.name + "\" " + x.shape_text());
}

// Axes of N, C, H, W as they lie in memory.
std::unique_ptr<Op> create(const char* kind, const OpDesc& desc, const std::vector<CopyAxis> (&parts)[4]) {
    const Value &x = *desc.inputs[0], &y = *desc.outputs[0];
    std::vector<CopyAxis> axes;
    for (int axis : memory_order(y).axes) axes.insert(axes.end(), parts[axis].begin(), parts[axis].end());
    AxisCopy copy(std::move(axes), 0, 0, static_cast<int64_t>(x.element_bytes()), desc.isa);
    auto op = std::make_unique<MoveOp>(move_name(kind, x, copy), y.batched);
    op->add(0, x, 0, y, std::move(copy));
    return op;
}

}  // namespace

std::unique_ptr<Op> create_space_to_depth(const OpDesc& desc) {
    const Checks checks(desc, "space_to_depth", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const int64_t b = desc.attributes.block;
    moves(checks, x, y);
    checks.rank(x, 4);
    checks.rank(y, 4);
    check(checks, x, y, y, b);
    const Image from(x), to(y);
    const int64_t c = to.steps[1];
    const std::vector<CopyAxis> parts[4] = {
        {{x.dims[0], to.steps[0], from.steps[0]}},
        {{b, c * b * from.channels, from.steps[2]},
         {b, c * from.channels, from.steps[3]},
         {from.channels, c, from.steps[1]}},
        {{to.height, to.steps[2], b * from.steps[2]}},
        {{to.width, to.steps[3], b * from.steps[3]}},
    };
    return create("space_to_depth", desc, parts);
}

std::unique_ptr<Op> create_depth_to_space(const OpDesc& desc) {
    const Checks checks(desc, "depth_to_space", 1);
    const Value &x = checks.input(0), &y = checks.output();
    const int64_t b = desc.attributes.block;
    moves(checks, x, y);
    checks.rank(x, 4);
    checks.rank(y, 4);
    check(checks, y, x, y, b);
    const Image from(x), to(y);
    const bool depth_last = desc.attributes.column_row_depth == 0;
    const int64_t c = from.steps[1], column = depth_last ? c * to.channels : c;
    const std::vector<CopyAxis> parts[4] = {
        {{x.dims[0], to.steps[0], from.steps[0]}},
        {{to.channels, to.steps[1], depth_last ? c : c * b * b}},
        {{from.height, to.steps[2] * b, from.steps[2]}, {b, to.steps[2], column * b}},
        {{from.width, to.steps[3] * b, from.steps[3]}, {b, to.steps[3], column}},
    };
    return create("depth_to_space", desc, parts);
}

}  // namespace octavo
