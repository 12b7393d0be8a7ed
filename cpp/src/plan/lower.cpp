#include <algorithm>

#include "base/sizes.h"
#include "base/text.h"
#include "cpu/pool.h"
#include "plan/arena.h"
#include "plan/fusion.h"
#include "plan/program.h"
#include "plan/units.h"

namespace octavo {
namespace {

struct Choice {
    std::unique_ptr<Op> op;
    const BackendOp* backend = nullptr;
    std::string reason;
};

void add_sentence(std::string* sentences, const std::string& sentence) {
    if (sentence.empty()) return;
    if (!sentences->empty()) *sentences += "; ";
    *sentences += sentence;
}

// A refusal's reason without the operator's name, where it starts with that: the reasons are joined behind it.
std::string reason_of(const Refusal& refusal, const std::string& name, const std::string& subject) {
    const std::string sentence = refusal.what();
    for (const std::string& start : {subject, "operator \"" + name + "\": "}) {
        if (sentence.compare(0, start.size(), start) == 0) return sentence.substr(start.size());
    }
    return sentence;
}

// Octavo's kernels first, then the back end, unless the node asks for one of them.
Choice choose(const OpDesc& desc, const Node& node) {
    Choice choice;
    std::string refusals;
    const std::string subject = text("operator \"", desc.name, "\" (", node.signature->name, "): ");
    const octavo_backend_id asked = node.attributes.backend;
    if (asked != OCTAVO_BACKEND_ONEDNN) {
        try {
            choice.op = create_op(desc);
            if (asked == OCTAVO_BACKEND_OCTAVO) choice.reason = "asked for";
            add_sentence(&choice.reason, choice.op->reason());
            return choice;
        } catch (const Refusal& refusal) {
            add_sentence(&refusals, "octavo: " + reason_of(refusal, desc.name, subject));
        }
    }
    bool missing = false;
    if (asked != OCTAVO_BACKEND_OCTAVO) {
        if (const auto backend = registered_backend()) {
            try {
                auto op = std::make_unique<BackendOp>(backend, desc, *node.signature);
                choice.backend = op.get();
                choice.op = std::move(op);
                choice.reason = asked == OCTAVO_BACKEND_ONEDNN ? "asked for" : refusals;
                add_sentence(&choice.reason, choice.op->reason());
                return choice;
            } catch (const Refusal& refusal) {
                add_sentence(&refusals, text(backend->name, ": ", reason_of(refusal, desc.name, subject)));
            }
        } else {
            missing = true;
            add_sentence(&refusals, "no back end is registered: load liboctavo_onednn and call octavo_onednn_register");
        }
    }
    throw Error(missing ? OCTAVO_NO_BACKEND : OCTAVO_UNSUPPORTED, subject + refusals);
}

// Describes the node with the max-pool that follows it; null, with the reason, where no kernel does both.
std::unique_ptr<Op> create_pooled(OpDesc desc, const Node& pool, const std::vector<Value>& values,
                                  std::string* reason) {
    desc.max_pool = true;
    desc.outputs.insert(desc.outputs.begin(), &values[pool.outputs[0]]);
    try {
        return create_op(desc);
    } catch (const Refusal& refusal) {
        const std::string subject = text("conv2d \"", desc.name, "\": ");
        add_sentence(reason, text("without \"", pool.name, "\": ", reason_of(refusal, desc.name, subject)));
        return nullptr;
    }
}

// pool: a max-pool that this step may do as well, or null; then the step's output is the pool's.
Step make_step(const Node& node, const Fusion& fusion, const Node* pool, const std::vector<Value>& values, Isa isa,
               int threads, SharedObjects* weights) {
    Step step;
    step.inputs = node.inputs;
    step.outputs = node.outputs;
    step.info.name = node.name;
    step.info.reason = fusion.reason;
    for (const std::string& name : fusion.absorbed) step.info.fused += (step.info.fused.empty() ? "" : ", ") + name;
    if (fusion.view) {
        step.info.kernel = "view";
        return step;
    }
    OpDesc desc{node.name, node.attributes, {}, {}, isa};
    desc.threads = threads;
    desc.weights = weights;
    for (int input : node.inputs) desc.inputs.push_back(input < 0 ? nullptr : &values[input]);
    for (int output : node.outputs) desc.outputs.push_back(output < 0 ? nullptr : &values[output]);
    check_units(desc, *node.signature);
    Value permuted;
    if (fusion.columns.wanted()) {
        permuted = permute_columns(*desc.inputs[1], fusion.columns);
        desc.inputs[1] = &permuted;
    }
    Choice choice;
    if (pool != nullptr) choice.op = create_pooled(desc, *pool, values, &step.info.reason);
    if (choice.op != nullptr) {
        step.outputs = pool->outputs;
        step.info.fused = pool->name;
        if (node.attributes.backend == OCTAVO_BACKEND_OCTAVO) choice.reason = "asked for";
        add_sentence(&choice.reason, choice.op->reason());
    } else {
        choice = choose(desc, node);
    }
    step.op = std::move(choice.op);
    step.backend = choice.backend;
    step.info.kernel = step.op->kernel();
    add_sentence(&step.info.reason, choice.reason);
    step.info.weight_bytes = step.op->weight_bytes();
    step.info.macs = step.op->macs();
    return step;
}

// A step of an operator that another step does: without values, and nothing to run.
Step absorbed_step(const Node& node, const Node& by) {
    Step step;
    step.info.name = node.name;
    step.info.kernel = "view";
    step.info.reason = text("\"", by.name, "\" takes the maximum of its sums");
    return step;
}

// Which values share memory, and from which step to which that memory is needed.
class Sharing {
public:
    Sharing(const std::vector<Value>& values, const std::vector<Step>& steps) : values_(values) {
        owner_.resize(values.size());
        first_.assign(values.size(), -1);
        last_.assign(values.size(), -1);
        for (size_t v = 0; v < values.size(); ++v) owner_[v] = static_cast<int>(v);
        for (size_t i = 0; i < steps.size(); ++i) {
            for (int v : steps[i].inputs) {
                if (v >= 0) last_[v] = static_cast<int>(i);
            }
            for (int v : steps[i].outputs) {
                if (v >= 0) first_[v] = last_[v] = static_cast<int>(i);
            }
        }
        // In the order of the steps: who shares with a value later must read it later, so its last use is known by then.
        for (size_t i = 0; i < steps.size(); ++i) {
            if (steps[i].outputs.empty()) continue;
            if (steps[i].op == nullptr || may_overwrite(steps[i], static_cast<int>(i))) {
                share(steps[i].outputs[0], owner_[steps[i].inputs[0]]);
            }
        }
    }

    int owner(int value) const { return owner_[value]; }
    Lifetime lifetime(int value) const { return {values_[value].sample_bytes(), first_[value], last_[value]}; }
    // False: no step writes it, since the one that would do so also does its reader's work.
    bool needed(int value) const { return first_[value] >= 0; }

private:
    void share(int value, int owner) {
        owner_[value] = owner;
        last_[owner] = std::max(last_[owner], last_[value]);
    }

    // An operator that works in place, on inner memory that nobody reads after it.
    bool may_overwrite(const Step& step, int index) const {
        if (!step.op->in_place() || step.inputs.empty() || step.outputs.empty()) return false;
        const int x = step.inputs[0], y = step.outputs[0];
        if (x < 0 || y < 0) return false;
        const int owner = owner_[x];
        if (values_[owner].role != OCTAVO_TEMP || values_[y].role != OCTAVO_TEMP || last_[owner] != index) return false;
        for (size_t i = 1; i < step.inputs.size(); ++i) {
            if (step.inputs[i] >= 0 && owner_[step.inputs[i]] == owner) return false;
        }
        return values_[x].batched == values_[y].batched && values_[owner].sample_bytes() == values_[y].sample_bytes();
    }

    const std::vector<Value>& values_;
    std::vector<int> owner_, first_, last_;
};

// Places of the inner values: `batched` ones in the part that grows with the chunk, the others in the fixed part.
size_t place_inner(const std::vector<Value>& values, const Sharing& sharing, bool batched, std::vector<Place>* places) {
    std::vector<int> owners;
    std::vector<Lifetime> lifetimes;
    for (size_t v = 0; v < values.size(); ++v) {
        const int value = static_cast<int>(v);
        if (values[v].role != OCTAVO_TEMP || values[v].batched != batched || sharing.owner(value) != value) continue;
        if (!sharing.needed(value)) continue;
        owners.push_back(value);
        lifetimes.push_back(sharing.lifetime(value));
    }
    const Arena arena = plan_arena(lifetimes);
    for (size_t i = 0; i < owners.size(); ++i) {
        Place& place = (*places)[owners[i]];
        place.where = batched ? Place::Where::samples : Place::Where::fixed;
        place.offset = arena.offsets[i];
    }
    return arena.bytes;
}

void place_values(const std::vector<Value>& values, Program* program) {
    const Sharing sharing(values, program->steps);
    program->places.resize(values.size());
    for (size_t v = 0; v < values.size(); ++v) {
        const Value& value = values[v];
        Place& place = program->places[v];
        if (value.role == OCTAVO_INPUT || value.role == OCTAVO_OUTPUT) {
            std::vector<Border>& borders = value.role == OCTAVO_INPUT ? program->inputs : program->outputs;
            place.where = value.role == OCTAVO_INPUT ? Place::Where::input : Place::Where::output;
            place.index = static_cast<int>(borders.size());
            place.sample_bytes = value.batched ? value.sample_bytes() : 0;
            borders.push_back({value.name, value.dtype, value.layout, value.batched, value.dims, value.sample_bytes(),
                               value.element_bytes()});
        } else if (value.role == OCTAVO_STATE) {
            AlignedArray<std::byte> state(value.data.size());
            std::copy(value.data.begin(), value.data.end(), state.begin());
            place.where = Place::Where::state;
            place.address = state.data();
            program->states.emplace(static_cast<int>(v), std::move(state));
        }
    }
    program->sample_bytes = place_inner(values, sharing, true, &program->places);
    program->fixed_bytes = place_inner(values, sharing, false, &program->places);
    for (size_t v = 0; v < values.size(); ++v) program->places[v] = program->places[sharing.owner(static_cast<int>(v))];
}

// A result without a batch, made of a batch, needs all of it; and the caller's buffer of such a result is written once.
bool needs_whole_batch(const Step& step, const std::vector<Value>& values) {
    if (step.op == nullptr) return false;
    if (step.op->couples_batch()) return true;
    bool reads_batch = false;
    for (int v : step.inputs) reads_batch |= v >= 0 && values[v].batched;
    for (int v : step.outputs) {
        if (v >= 0 && !values[v].batched && (reads_batch || values[v].role == OCTAVO_OUTPUT)) return true;
    }
    return false;
}

// Of all constants, on the threads that may pack: each is read once.
void find_digests(const std::vector<Value>& values, int threads) {
    std::vector<const Value*> constants;
    for (const Value& value : values) {
        if (value.role == OCTAVO_CONSTANT) constants.push_back(&value);
    }
    parallel_for(static_cast<int64_t>(constants.size()), threads,
                 [&](int64_t i, int) { constants[static_cast<size_t>(i)]->data.digest(); });
}

}  // namespace

Program lower(const std::vector<Value>& values, const std::vector<Node>& nodes, Isa isa, int threads,
              SharedObjects* weights) {
    Program program;
    if (weights != nullptr) find_digests(values, threads);
    const std::vector<Fusion> fusions = decide_fusions(values, nodes);
    std::vector<const Node*> done_by(nodes.size(), nullptr);  // the node whose step does this one's work as well
    for (size_t i = 0; i < nodes.size(); ++i) {
        if (done_by[i] != nullptr) {
            program.steps.push_back(absorbed_step(nodes[i], *done_by[i]));
            continue;
        }
        const Node* pool = fusions[i].pool < 0 ? nullptr : &nodes[fusions[i].pool];
        program.steps.push_back(make_step(nodes[i], fusions[i], pool, values, isa, threads, weights));
        if (pool != nullptr && program.steps.back().outputs == pool->outputs) done_by[fusions[i].pool] = &nodes[i];
    }
    place_values(values, &program);
    program.whole = !program.states.empty();
    for (const Step& step : program.steps) {
        program.whole |= needs_whole_batch(step, values);
        program.in_backend |= step.backend != nullptr;
        const size_t operands = step.inputs.size() + step.outputs.size();
        program.operand_bytes = std::max(program.operand_bytes, round_up<size_t>(operands * sizeof(void*), 64));
        program.weight_bytes += step.info.weight_bytes;
    }
    return program;
}

}  // namespace octavo
