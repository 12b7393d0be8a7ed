// Weights of any scheme as the integer kernels multiply them: s8 numbers, zero points, scales.
#ifndef OCTAVO_OPS_WEIGHTS_H
#define OCTAVO_OPS_WEIGHTS_H

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/contents.h"
#include "base/shared_objects.h"
#include "ops/op.h"

namespace octavo {

// Numbers that are shared by copies: a value's own, or made of it when they are first looked at.
class WeightValues {
public:
    WeightValues() = default;
    explicit WeightValues(Contents bytes) : bytes_(std::move(bytes)) {}
    static WeightValues made(size_t count, std::function<Digest()> recipe, std::function<void(int8_t*)> make) {
        return WeightValues(Contents::made(count, std::move(recipe), [make = std::move(make)](std::byte* to) {
            make(reinterpret_cast<int8_t*>(to));
        }));
    }

    const int8_t* data() const { return reinterpret_cast<const int8_t*>(bytes_.data()); }
    const int8_t& operator[](size_t i) const { return data()[i]; }
    Digest digest() const { return bytes_.digest(); }

private:
    Contents bytes_;
};

struct DenseWeights {
    int64_t outputs = 0, depth = 0;    // [outputs, depth]
    WeightValues values;               // s8 as given, the weight value's own; u8 less 128; codes through their table
    std::vector<int32_t> zero_points;  // [outputs, groups], shifted like the values
    std::vector<float> scales;         // [outputs, groups]
    bool per_channel = false;          // as described, not by the number of scales: the bias formula depends on it
    int64_t group_size = 0;            // 0: no groups along the depth
    int64_t groups() const;            // 1 without
    bool has_zero_points() const;
    // What tells these numbers from others, without scales and zero points; and with all.
    void describe_values(Hash& key) const;
    void describe(Hash& key) const;
};

enum class Groups { refused, allowed };

// dims[0] is the output channel. Throws Refusal for what no integer kernel takes (float weights, weights not constant, groups
// along K unless allowed), Error for descriptions that contradict themselves; `where` begins the messages
// ("conv2d \"features.0\"").
DenseWeights dense_weights(const Value& weight, const std::string& where, Groups groups = Groups::refused);

// The same weights as codes of at most 16 levels, those of a table the codes less the zero point; nothing where there are more of
// them, or without groups several zero points: then products with bytes are faster than tables that differ.
std::optional<Value> low_bit_codes(const Value& weight, SharedObjects* facts);

// Throws Error for codes that their table does not have.
void require_codes(const Value& weight, const std::string& where);

// What tells a constant value from others.
void describe_constant(const Value& value, Hash& key);

// Throws Refusal unless groups along K, if there are any, are of a multiple of 32, which kernels take.
void require_group_size(const Value& weight, const std::string& where);

// Index of the parameter set, and of the table, of weight (n, k) of a value of this depth.
int64_t parameter_of(const Value& weight, int64_t depth, int64_t n, int64_t k);
// True if the tables of all parameter sets are the same.
bool has_one_table(const Value& weight);

}  // namespace octavo

#endif
