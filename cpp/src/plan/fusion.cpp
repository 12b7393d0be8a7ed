#include "plan/fusion.h"

#include <cstring>

#include "base/text.h"

namespace octavo {
namespace {

bool same_parameters(const Value& a, const Value& b) {
    return a.dtype == b.dtype && a.axis == b.axis && a.scales == b.scales && a.zero_points == b.zero_points &&
           a.code_min == b.code_min && a.code_max == b.code_max;
}

// Memory of a run or of the caller, not a constant's or the plan's state.
bool in_a_run(const Value& value) {
    return value.role == OCTAVO_INPUT || value.role == OCTAVO_OUTPUT || value.role == OCTAVO_TEMP;
}

bool layouts_coincide(const Value& value) {
    return value.layout == OCTAVO_PLAIN || value.dims[1] == 1 || value.dims[2] * value.dims[3] == 1;
}

bool is_flatten(const Node& node, const std::vector<Value>& values) {
    if (node.signature->kind != OCTAVO_OP_FLATTEN) return false;
    const Value &x = values[node.inputs[0]], &y = values[node.outputs[0]];
    return in_a_run(x) && x.dims.size() >= 2 && y.dims.size() == 2 && y.layout == OCTAVO_PLAIN &&
           x.batched == y.batched && x.dims[0] == y.dims[0] && x.elements() == y.elements() && same_parameters(x, y);
}

bool is_reorder(const Node& node, const std::vector<Value>& values) {
    if (node.signature->kind != OCTAVO_OP_REORDER) return false;
    const Value &x = values[node.inputs[0]], &y = values[node.outputs[0]];
    return in_a_run(x) && x.dims == y.dims && x.batched == y.batched && same_parameters(x, y);
}

// A reshape of what lies in row-major order, which only gives it another shape.
bool is_view(const Node& node, const std::vector<Value>& values) {
    if (node.signature->kind != OCTAVO_OP_RESHAPE) return false;
    const Value &x = values[node.inputs[0]], &y = values[node.outputs[0]];
    return in_a_run(x) && y.role == OCTAVO_TEMP && x.batched == y.batched && x.elements() == y.elements() &&
           same_parameters(x, y) && layouts_coincide(x) && layouts_coincide(y);
}

// "" if this node can take x with its features in H, W, C order.
std::string why_not_permuted(const Node& node, int x, const std::vector<Value>& values) {
    const octavo_op_kind kind = node.signature->kind;
    if (kind != OCTAVO_OP_LINEAR && kind != OCTAVO_OP_LINEAR_DYNAMIC) {
        return text("\"", node.name, "\" (", node.signature->name, ") reads it");
    }
    const Value& weights = values[node.inputs[1]];
    if (weights.role != OCTAVO_CONSTANT) return text("the weights of \"", node.name, "\" are not constant");
    if (node.inputs[0] != x || node.inputs[1] == x || node.inputs[2] == x)
        return text("\"", node.name, "\" reads it twice");
    if (weights.dims.size() != 2 || weights.dims[1] != values[x].dims[1]) {
        return text("the weights of \"", node.name, "\" do not fit");
    }
    if (weights.group_size > 0 || weights.axis == 1) {
        return text("the weights of \"", node.name, "\" have parameters for groups of columns");
    }
    return "";
}

// Which nodes read each value, in their order, a node once for each of its inputs. Found in one pass, for graphs have many nodes.
class Readers {
public:
    Readers(size_t values, const std::vector<Node>& nodes) : first_(values + 1) {
        const auto each = [&](const auto& body) {
            for (size_t i = 0; i < nodes.size(); ++i) {
                for (int input : nodes[i].inputs) {
                    if (input >= 0) body(static_cast<size_t>(input), i);
                }
            }
        };
        each([&](size_t value, size_t) { ++first_[value + 1]; });
        for (size_t v = 0; v < values; ++v) first_[v + 1] += first_[v];
        readers_.resize(first_[values]);
        std::vector<size_t> next = first_;
        each([&](size_t value, size_t node) { readers_[next[value]++] = node; });
    }

    const size_t* begin(int value) const { return readers_.data() + first_[static_cast<size_t>(value)]; }
    const size_t* end(int value) const { return readers_.data() + first_[static_cast<size_t>(value) + 1]; }

private:
    std::vector<size_t> first_, readers_;  // those of value v: readers_[first_[v]] up to first_[v + 1]
};

Fusion decide_flatten(size_t index, const std::vector<Value>& values, const std::vector<Node>& nodes,
                      const Readers& all_readers, std::vector<Fusion>* fusions) {
    const Node& node = nodes[index];
    const Value& x = values[node.inputs[0]];
    const int y = node.outputs[0];
    Fusion fusion;
    if (values[y].role != OCTAVO_TEMP) {
        fusion.reason = "copied: the result is the caller's";
        return fusion;
    }
    if (x.layout == OCTAVO_PLAIN || layouts_coincide(x)) {
        fusion.view = true;
        fusion.reason = "features lie in this order already";
        return fusion;
    }
    std::vector<size_t> readers;
    for (const size_t* reader = all_readers.begin(y); reader != all_readers.end(y); ++reader) {
        const std::string why_not = why_not_permuted(nodes[*reader], y, values);
        if (!why_not.empty()) {
            fusion.reason = "copied to C, H, W order: " + why_not;
            return fusion;
        }
        readers.push_back(*reader);
    }
    fusion.view = true;
    fusion.reason = "readers take H, W, C order:";
    for (size_t reader : readers) {
        (*fusions)[reader].columns = {x.dims[1], x.dims[2] * x.dims[3]};
        (*fusions)[reader].absorbed.push_back(node.name);
        (*fusions)[reader].reason = "columns of the weights in H, W, C order";
        fusion.reason += " " + nodes[reader].name;
    }
    return fusion;
}

bool is_quantized_convolution(const Node& node, const std::vector<Value>& values) {
    if (node.signature->kind != OCTAVO_OP_CONV2D || node.attributes.backend == OCTAVO_BACKEND_ONEDNN) return false;
    const Value& y = values[node.outputs[0]];
    return node.inputs[3] < 0 && y.role == OCTAVO_TEMP && y.layout == OCTAVO_NHWC &&
           (y.dtype == OCTAVO_U8 || y.dtype == OCTAVO_S8);
}

// The maximum over 2 x 2 pixels at stride 2; a last odd line or column is left out.
bool is_halving_pool(const Node& node, const std::vector<Value>& values) {
    const Attributes& a = node.attributes;
    if (node.signature->kind != OCTAVO_OP_MAX_POOL2D || a.backend == OCTAVO_BACKEND_ONEDNN) return false;
    for (int i = 0; i < 2; ++i) {
        if (a.kernel[i] != 2 || a.stride[i] != 2 || a.dilation[i] != 1 || a.pad[i] != 0 || a.pad[i + 2] != 0)
            return false;
    }
    const Value &x = values[node.inputs[0]], &y = values[node.outputs[0]];
    return same_parameters(x, y) && x.layout == y.layout && in_a_run(y) && x.batched == y.batched &&
           y.dims == std::vector<int64_t>{x.dims[0], x.dims[1], x.dims[2] / 2, x.dims[3] / 2};
}

// The node of a halving pool that alone reads this node's result; -1: none.
int find_pool(const Node& node, const std::vector<Value>& values, const std::vector<Node>& nodes,
              const Readers& readers) {
    if (!is_quantized_convolution(node, values)) return -1;
    const int y = node.outputs[0];
    if (readers.end(y) - readers.begin(y) != 1) return -1;
    const size_t reader = *readers.begin(y);
    return is_halving_pool(nodes[reader], values) ? static_cast<int>(reader) : -1;
}

}  // namespace

std::vector<Fusion> decide_fusions(const std::vector<Value>& values, const std::vector<Node>& nodes) {
    std::vector<Fusion> fusions(nodes.size());
    const Readers readers(values.size(), nodes);
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (is_flatten(nodes[i], values)) {
            fusions[i] = decide_flatten(i, values, nodes, readers, &fusions);
        } else if (is_reorder(nodes[i], values) && values[nodes[i].outputs[0]].role == OCTAVO_TEMP) {
            const Value &x = values[nodes[i].inputs[0]], &y = values[nodes[i].outputs[0]];
            fusions[i].view = x.layout == y.layout || (layouts_coincide(x) && layouts_coincide(y));
            if (fusions[i].view) fusions[i].reason = "both layouts are the same bytes here";
        } else if (is_view(nodes[i], values)) {
            fusions[i].view = true;
            fusions[i].reason = "elements lie in this order already";
        } else {
            fusions[i].pool = find_pool(nodes[i], values, nodes, readers);
        }
    }
    return fusions;
}

Value permute_columns(const Value& weights, const ColumnOrder& order) {
    Value permuted = weights;
    const size_t size = weights.element_bytes();
    const int64_t rows = weights.dims[0];
    const auto recipe = [=, given = weights.data] {
        return Hash()
            .add(std::string("columns"))
            .add(given.digest())
            .add(size)
            .add(order.channels)
            .add(order.pixels)
            .digest();
    };
    permuted.data = Contents::made(weights.data.size(), recipe, [=, given = weights.data](std::byte* to) {
        const std::byte* from = given.data();
        for (int64_t row = 0; row < rows; ++row) {
            for (int64_t pixel = 0; pixel < order.pixels; ++pixel) {
                for (int64_t channel = 0; channel < order.channels; ++channel) {
                    const int64_t base = row * order.channels * order.pixels;
                    std::memcpy(to, from + (base + channel * order.pixels + pixel) * size, size);
                    to += size;
                }
            }
        }
    });
    return permuted;
}

}  // namespace octavo
