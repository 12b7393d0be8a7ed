#include "plan/builder.h"

#include <algorithm>

#include "base/text.h"
#include "cpu/pool.h"

namespace octavo {

int Builder::add_value(const octavo_value_desc& desc) {
    const int number = static_cast<int>(values_.size());
    values_.push_back(describe_value(desc, number));
    writers_.resize(values_.size(), -1);
    return number;
}

void Builder::add_node(const octavo_op_desc& desc) {
    const int number = static_cast<int>(nodes_.size());
    Node node = describe_node(desc, number, static_cast<int>(values_.size()));
    const auto complain = [&](int value, const std::string& what) {
        throw Error(OCTAVO_INVALID_ARGUMENT, text("operator \"", node.name, "\" (", node.signature->name, "): value \"",
                                                  values_[value].name, "\" ", what));
    };
    for (size_t i = 0; i < node.inputs.size(); ++i) {
        const int input = node.inputs[i];
        if (input < 0) continue;
        const octavo_role role = values_[input].role;
        if (node.signature->changes(i)) {
            if (role != OCTAVO_STATE)
                complain(input, text("is changed by it and must be state, but its role is ", role_text(role)));
            if (std::count(node.inputs.begin(), node.inputs.end(), input) > 1)
                complain(input, "is changed by it and must be one of its inputs only once");
        }
        if ((role == OCTAVO_TEMP || role == OCTAVO_OUTPUT) && writers_[input] < 0) {
            complain(input, "is read before any operator writes it");
        }
    }
    for (size_t i = 0; i < node.outputs.size(); ++i) {
        const int output = node.outputs[i];
        if (output < 0) continue;
        const Value& value = values_[output];
        if (value.role != OCTAVO_TEMP && value.role != OCTAVO_OUTPUT) {
            complain(output, text("is written, but its role is ", role_text(value.role)));
        }
        if (writers_[output] >= 0)
            complain(output, text("is written by \"", nodes_[writers_[output]].name, "\" already"));
        for (size_t j = 0; j < i; ++j) {
            if (node.outputs[j] == output) complain(output, "is written twice");
        }
    }
    nodes_.push_back(std::move(node));
    for (int output : nodes_.back().outputs) {
        if (output >= 0) writers_[output] = number;
    }
}

std::unique_ptr<Plan> Builder::build(const PlanOptions& options) const {
    if (nodes_.empty()) throw Error(OCTAVO_INVALID_ARGUMENT, "the network has no operators");
    for (size_t v = 0; v < values_.size(); ++v) {
        const octavo_role role = values_[v].role;
        if ((role == OCTAVO_TEMP || role == OCTAVO_OUTPUT) && writers_[v] < 0) {
            throw Error(OCTAVO_INVALID_ARGUMENT,
                        text("value \"", values_[v].name, "\" (", role_text(role), ") is written by no operator"));
        }
    }
    const int threads = options.threads > 0 ? options.threads : default_threads();
    return std::make_unique<Plan>(lower(values_, nodes_, options.isa, threads, options.weights.get()), options);
}

}  // namespace octavo
