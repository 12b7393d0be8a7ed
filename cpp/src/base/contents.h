// The bytes of a constant.
#ifndef OCTAVO_BASE_CONTENTS_H
#define OCTAVO_BASE_CONTENTS_H

#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/digest.h"

namespace octavo {

// Never changed, and shared by copies of this object: a copy of what was given, the giver's own, or what is made when it is first
// looked at. Not for several threads at once before that, and before the digest was asked for.
class Contents {
public:
    Contents() = default;
    Contents(std::vector<std::byte> owned);  // NOLINT: a vector is contents
    // They must stay where they are, and as they are.
    static Contents lent(const std::byte* data, size_t size);
    // make writes `size` bytes; recipe: a digest of all that they depend on.
    static Contents made(size_t size, std::function<Digest()> recipe, std::function<void(std::byte*)> make);

    const std::byte* data() const;
    size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }
    const std::byte* begin() const { return data(); }
    const std::byte* end() const { return data() + size_; }
    const std::byte& operator[](size_t i) const { return data()[i]; }
    // Of the bytes, or of how they are made: equal digests are of equal bytes. Found once.
    Digest digest() const;

private:
    struct State;

    std::shared_ptr<State> state_;
    size_t size_ = 0;
};

}  // namespace octavo

#endif
