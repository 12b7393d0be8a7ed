// What the operators of this library know of a value: the C description without its data.
#ifndef OCTAVO_ONEDNN_OPERAND_H
#define OCTAVO_ONEDNN_OPERAND_H

#include <cstdint>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "base/attributes.h"
#include "base/contents.h"
#include "base/shared_objects.h"
#include "base/status.h"
#include "octavo/octavo.h"

namespace octavo::onednn {

struct Operand {
    std::string name;
    octavo_dtype dtype = OCTAVO_F32;
    octavo_layout layout = OCTAVO_PLAIN;
    bool constant = false;
    bool batched = false;
    std::vector<int64_t> dims;  // dims[0] is 1 for a batched value

    explicit Operand(const octavo_value_desc& desc);

    int rank() const { return static_cast<int>(dims.size()); }
    int64_t elements() const;  // of one sample, if batched
    int64_t elements(int64_t batch) const { return elements() * (batched ? batch : 1); }
    int64_t images(int64_t batch) const { return batched ? batch : dims[0]; }  // rank 4: the N of a run
    std::string text() const;                                                  // "x [N, 3, 32, 32]"
};

// A constant's bytes, shared by plans that share their weights.
struct Constant {
    Contents contents;
    const void* data() const { return contents.data(); }
    size_t bytes() const { return contents.size(); }
};

// What plans share, in the whole process: equal identities are of equal bytes.
SharedObjects& shared_objects();

// The operands of one operator, with the checks that all share. Throws Refusal for what this library does not do and Error
// for what is wrong in itself; messages name the values, the plan adds the operator's name.
class Request {
public:
    Request(const octavo_op_desc& desc, const octavo_value_desc* const* inputs,
            const octavo_value_desc* const* outputs);

    const Attributes& attributes() const { return attributes_; }
    int input_count() const { return static_cast<int>(input_count_); }
    bool has_input(int i) const { return i < input_count_ && inputs_[i] != nullptr; }
    bool has_output(int i) const { return i < output_count_ && outputs_[i] != nullptr; }
    const octavo_value_desc& input_desc(int i) const;
    const octavo_value_desc& output_desc(int i) const;
    Operand input(int i) const { return Operand(input_desc(i)); }
    Operand output(int i) const { return Operand(output_desc(i)); }
    Operand input(int i, octavo_dtype dtype) const { return typed(input(i), dtype); }
    Operand output(int i, octavo_dtype dtype) const { return typed(output(i), dtype); }

    // The data of a constant input that the operator keeps in a form of its own: its runs get null for it. Of all other
    // constants runs get the data, as of any value.
    const void* take_constant(int i) const;
    // A copy of them that the operator may keep.
    std::shared_ptr<const Constant> keep_constant(int i) const;
    // An object that is made of the data of constant i and of what describe(Hash&) adds: of a plan that shares its weights found
    // where another one made it.
    template <class Describe, class Make>
    auto made_of(int i, const char* kind, const Describe& describe, const Make& make) const {
        const uint64_t* identity = input_desc(i).identity;
        return shared_or_made(
            identity != nullptr ? &shared_objects() : nullptr, kind,
            [&](Hash& key) { describe(key.bytes(identity, sizeof(Digest))); }, make);
    }
    bool taken(int i) const { return (taken_ >> i & 1) != 0; }

    [[noreturn]] void refuse(const std::string& reason) const;
    [[noreturn]] void mismatch(const std::string& found, const std::string& expected) const;
    [[noreturn]] void invalid(const std::string& what) const;

    void require_rank(const Operand& value, int rank) const;
    void require_dims(const Operand& value, const std::vector<int64_t>& dims) const;
    // Same logical shape, batching and memory order: the two can be walked with one index.
    void require_alike(const Operand& a, const Operand& b) const;

private:
    Operand typed(Operand value, octavo_dtype dtype) const;

    const Attributes attributes_;
    const int64_t input_count_, output_count_;
    const octavo_value_desc* const* inputs_;
    const octavo_value_desc* const* outputs_;
    mutable uint32_t taken_ = 0;  // bit i: input i
};

// A parameter that is either constant, and then kept here, or given to every run.
class Parameter {
public:
    Parameter() = default;
    // Input `index` of the request; absent stays absent.
    Parameter(const Request& request, int index);

    bool present() const { return index_ >= 0; }
    bool constant() const { return constant_; }
    const float* constant_data() const { return static_cast<const float*>(data_->data()); }
    const std::shared_ptr<const Constant>& kept() const { return data_; }  // null: not constant
    const float* get(const void* const* inputs) const {
        if (!present()) return nullptr;
        return constant_ ? constant_data() : static_cast<const float*>(inputs[index_]);
    }
    int64_t bytes() const { return constant_ ? static_cast<int64_t>(data_->bytes()) : 0; }

private:
    int index_ = -1;
    bool constant_ = false;
    std::shared_ptr<const Constant> data_;
};

std::string shape_text(const std::vector<int64_t>& dims, bool batched);

}  // namespace octavo::onednn

#endif
