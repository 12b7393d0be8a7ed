// Digests of bytes, by which equal ones are found again.
#ifndef OCTAVO_BASE_DIGEST_H
#define OCTAVO_BASE_DIGEST_H

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <type_traits>
#include <vector>

namespace octavo {

using Digest = std::array<uint64_t, 4>;

// NH over blocks, and a polynomial modulo 2^127 - 1 over these (Black, Halevi, Krawczyk, Krovetz and Rogaway, UMAC, 1999; Krovetz and
// Dai, VHASH, 2007), two of each with keys of their own, which the process draws at its first digest. Whatever the bytes are, two
// that differ have one digest with a probability below 2^-120: nobody can write a pair that has. Digests of two processes are not
// comparable.
class Hash {
public:
    Hash();

    Hash& bytes(const void* data, size_t size);
    // A number, an address, a struct without padding.
    template <class T>
    Hash& add(const T& value) {
        static_assert(std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>, "no padding");
        return bytes(&value, sizeof value);
    }
    template <class T>
    Hash& add(const std::vector<T>& values) {
        static_assert(std::has_unique_object_representations_v<T> || std::is_floating_point_v<T>, "no padding");
        return add(values.size()).bytes(values.data(), values.size() * sizeof(T));
    }
    Hash& add(const std::string& text) { return add(text.size()).bytes(text.data(), text.size()); }
    Digest digest() const;

private:
    static constexpr size_t block_bytes = 512;
    __extension__ typedef unsigned __int128 Wide;
    struct Keys;

    static const Keys& keys();
    static Wide times(Wide a, Wide b);  // modulo 2^127 - 1
    void block(const unsigned char* data);

    const Keys* keys_;
    Wide sums_[2] = {1, 1};
    uint64_t size_ = 0;
    size_t held_ = 0;
    unsigned char rest_[block_bytes];
};

}  // namespace octavo

#endif
