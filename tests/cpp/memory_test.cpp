// Memory of tensors: zeroed, aligned, and valid at its addresses after its pages are gone.
#include <cstring>

#include "gtest/gtest.h"
#include "octavo/octavo.h"

namespace {

TEST(Memory, IsZeroedAndAligned) {
    for (const int64_t bytes : {1, 63, 64, 1023, 1024, 4095, 4096, 4097, 1 << 20}) {
        auto* memory = static_cast<unsigned char*>(octavo_memory_allocate(bytes));
        ASSERT_NE(memory, nullptr) << bytes;
        EXPECT_EQ(reinterpret_cast<uintptr_t>(memory) % 64, 0u) << bytes;
        for (int64_t i = 0; i < bytes; ++i) ASSERT_EQ(memory[i], 0) << bytes << " " << i;
        std::memset(memory, 1, static_cast<size_t>(bytes));
        octavo_memory_free(memory, bytes);
    }
}

TEST(Memory, DiscardedPagesReadZeroAndMayBeWritten) {
    const int64_t bytes = 10000;
    auto* memory = static_cast<unsigned char*>(octavo_memory_allocate(bytes));
    std::memset(memory, 7, bytes);
    EXPECT_EQ(octavo_memory_discard(memory, bytes), bytes);
    for (int64_t i = 0; i < bytes; ++i) ASSERT_EQ(memory[i], 0);
    std::memset(memory, 7, bytes);
    octavo_memory_free(memory, bytes);
}

TEST(Memory, SmallBlocksStayAsTheyAre) {
    const int64_t bytes = OCTAVO_MEMORY_PAGED - 1;
    auto* memory = static_cast<unsigned char*>(octavo_memory_allocate(bytes));
    memory[bytes - 1] = 7;
    EXPECT_EQ(octavo_memory_discard(memory, bytes), 0);
    EXPECT_EQ(memory[bytes - 1], 7);
    octavo_memory_free(memory, bytes);
}

TEST(Memory, WrongSizesAreRefused) {
    for (const int64_t bytes : {INT64_C(0), INT64_C(-1), INT64_MAX, INT64_MAX - 4095, INT64_C(1) << 60}) {
        EXPECT_EQ(octavo_memory_allocate(bytes), nullptr);
        EXPECT_NE(std::strstr(octavo_last_error(), std::to_string(bytes).c_str()), nullptr) << octavo_last_error();
    }
    octavo_memory_free(nullptr, 100);
    EXPECT_EQ(octavo_memory_discard(nullptr, 100), 0);
}

}  // namespace
