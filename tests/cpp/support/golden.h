// Golden files: safetensors whose metadata lists cases, {name, inputs, params, expected}; a string among inputs and expected is
// the name of a tensor.
#ifndef OCTAVO_TESTS_SUPPORT_GOLDEN_H
#define OCTAVO_TESTS_SUPPORT_GOLDEN_H

#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string>
#include <vector>

#include "support/json.h"

namespace octavo::test {

struct GoldenTensor {
    std::vector<int64_t> shape;
    std::string dtype;
    const char* bytes = nullptr;
    size_t size = 0;

    template <class T>
    std::vector<T> as() const {
        std::vector<T> values(size / sizeof(T));
        std::memcpy(values.data(), bytes, values.size() * sizeof(T));
        return values;
    }
};

class Golden {
public:
    // `family`.safetensors in tests/data/golden, or in the folder that OCTAVO_GOLDEN names.
    explicit Golden(const std::string& family) {
        const char* folder = std::getenv("OCTAVO_GOLDEN");
        path_ = (folder != nullptr ? std::string(folder) : std::string(OCTAVO_SOURCE_DIR) + "/tests/data/golden") +
                "/" + family + ".safetensors";
        std::ifstream file(path_, std::ios::binary);
        if (!file) throw std::runtime_error("cannot read " + path_);
        content_.assign(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
        uint64_t length = 0;
        if (content_.size() < sizeof length) throw std::runtime_error(path_ + " is too short");
        std::memcpy(&length, content_.data(), sizeof length);
        if (length > content_.size() - sizeof length) throw std::runtime_error(path_ + " is too short for its header");
        header_ = JsonParser::parse(content_.substr(sizeof length, length));
        data_ = sizeof length + length;
        cases_ = JsonParser::parse(header_["__metadata__"]["cases"].string);
    }

    const std::vector<Json>& cases() const { return cases_.array; }
    GoldenTensor tensor(const Json& name) const {
        const Json& entry = header_[name.string];
        GoldenTensor tensor;
        for (const Json& d : entry["shape"].array) tensor.shape.push_back(static_cast<int64_t>(d.number));
        tensor.dtype = entry["dtype"].string;
        const size_t first = static_cast<size_t>(entry["data_offsets"][0].number);
        tensor.size = static_cast<size_t>(entry["data_offsets"][1].number) - first;
        if (data_ + first + tensor.size > content_.size())
            throw std::runtime_error(path_ + " is too short for its tensors");
        tensor.bytes = content_.data() + data_ + first;
        return tensor;
    }

private:
    std::string path_, content_;
    Json header_, cases_;
    size_t data_ = 0;
};

}  // namespace octavo::test

#endif
