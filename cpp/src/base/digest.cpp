#include "base/digest.h"

#include <sys/random.h>

#include <algorithm>
#include <chrono>
#include <cstring>

namespace octavo {

struct Hash::Keys {
    static constexpr size_t words = block_bytes / 8;
    uint64_t nh[words + 2];  // the second NH has those two places on
    uint64_t polynomial[2][2];

    Keys() {
        auto* bytes = reinterpret_cast<unsigned char*>(this);
        if (getrandom(bytes, sizeof *this, 0) == static_cast<ssize_t>(sizeof *this)) return;
        // Without a source of randomness: different in each process, but not secret.
        uint64_t state = static_cast<uint64_t>(std::chrono::steady_clock::now().time_since_epoch().count()) ^
                         reinterpret_cast<uintptr_t>(&state);
        for (size_t i = 0; i < sizeof *this; i++) {
            state = state * 6364136223846793005u + 1442695040888963407u;
            bytes[i] = static_cast<unsigned char>(state >> 56);
        }
    }
};

namespace {

uint64_t word(const unsigned char* from) {
    uint64_t value;
    std::memcpy(&value, from, sizeof value);
    return value;
}

}  // namespace

const Hash::Keys& Hash::keys() {
    static const Keys drawn;
    return drawn;
}

Hash::Hash() : keys_(&keys()) {}

Hash::Wide Hash::times(Wide a, Wide b) {
    constexpr Wide prime = (Wide{1} << 127) - 1;
    const auto fold = [](Wide x) { return (x & prime) + (x >> 127); };
    const Wide a0 = static_cast<uint64_t>(a), a1 = a >> 64, b0 = static_cast<uint64_t>(b), b1 = b >> 64;
    // Of both the upper halves are below 2^63; 2^128 is 2.
    const Wide middle = a0 * b1 + a1 * b0;
    Wide sum = fold(a0 * b0) + fold(middle << 64);
    sum = fold(sum) + 2 * (middle >> 64);
    sum = fold(sum) + fold(2 * (a1 * b1));
    sum = fold(sum);
    return sum >= prime ? sum - prime : sum;
}

void Hash::block(const unsigned char* data) {
    Wide products[2] = {0, 0};
    for (size_t i = 0; i < Keys::words; i += 2) {
        const uint64_t a = word(data + 8 * i), b = word(data + 8 * i + 8);
        products[0] += static_cast<Wide>(a + keys_->nh[i]) * (b + keys_->nh[i + 1]);
        products[1] += static_cast<Wide>(a + keys_->nh[i + 2]) * (b + keys_->nh[i + 3]);
    }
    constexpr Wide prime = (Wide{1} << 127) - 1;
    for (int j = 0; j < 2; j++) {
        const uint64_t* key = keys_->polynomial[j];
        // Keys and sums are at most the prime, which stands for 0.
        Wide sum = times(sums_[j], (static_cast<Wide>(key[1] & ~(uint64_t{1} << 63)) << 64) | key[0]);
        sum += (products[j] & prime) + (products[j] >> 127);
        sum = (sum & prime) + (sum >> 127);
        sums_[j] = sum >= prime ? sum - prime : sum;
    }
}

Hash& Hash::bytes(const void* data, size_t size) {
    const auto* from = static_cast<const unsigned char*>(data);
    size_ += size;
    if (held_ > 0) {
        const size_t taken = std::min(size, block_bytes - held_);
        if (taken > 0) std::memcpy(rest_ + held_, from, taken);
        held_ += taken;
        from += taken;
        size -= taken;
        if (held_ < block_bytes) return *this;
        block(rest_);
        held_ = 0;
    }
    for (; size >= block_bytes; size -= block_bytes, from += block_bytes) block(from);
    if (size > 0) std::memcpy(rest_, from, size);
    held_ = size;
    return *this;
}

Digest Hash::digest() const {
    Hash end = *this;
    std::fill(end.rest_ + held_, end.rest_ + block_bytes, static_cast<unsigned char>(0));
    end.block(end.rest_);
    // What was filled up is told apart by the number of bytes.
    std::fill(end.rest_, end.rest_ + block_bytes, static_cast<unsigned char>(0));
    std::memcpy(end.rest_, &size_, sizeof size_);
    end.block(end.rest_);
    return {static_cast<uint64_t>(end.sums_[0]), static_cast<uint64_t>(end.sums_[0] >> 64),
            static_cast<uint64_t>(end.sums_[1]), static_cast<uint64_t>(end.sums_[1] >> 64)};
}

}  // namespace octavo
