#include "base/contents.h"

#include <utility>

#include "base/memory.h"

namespace octavo {

struct Contents::State {
    const std::byte* data = nullptr;
    std::vector<std::byte> owned;
    AlignedArray<std::byte> made;
    std::function<Digest()> recipe;
    std::function<void(std::byte*)> make;  // until it was called
    std::optional<Digest> digest;
};

Contents::Contents(std::vector<std::byte> owned) : state_(std::make_shared<State>()), size_(owned.size()) {
    state_->owned = std::move(owned);
    state_->data = state_->owned.data();
}

Contents Contents::lent(const std::byte* data, size_t size) {
    Contents contents;
    contents.state_ = std::make_shared<State>();
    contents.state_->data = data;
    contents.size_ = size;
    return contents;
}

Contents Contents::made(size_t size, std::function<Digest()> recipe, std::function<void(std::byte*)> make) {
    Contents contents;
    contents.state_ = std::make_shared<State>();
    contents.state_->recipe = std::move(recipe);
    contents.state_->make = std::move(make);
    contents.size_ = size;
    return contents;
}

const std::byte* Contents::data() const {
    if (!state_) return nullptr;
    if (state_->make) {
        auto made = AlignedArray<std::byte>::uninitialized(size_);
        state_->make(made.data());
        state_->made = std::move(made);
        state_->data = state_->made.data();
        state_->make = nullptr;
    }
    return state_->data;
}

Digest Contents::digest() const {
    if (!state_) return Hash().digest();
    if (!state_->digest) state_->digest = state_->recipe ? state_->recipe() : Hash().bytes(data(), size_).digest();
    return *state_->digest;
}

}  // namespace octavo
