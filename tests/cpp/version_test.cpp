#include <gtest/gtest.h>

#include "octavo/octavo.h"

TEST(Version, IsThreeNumbers) {
    int major = -1, minor = -1, patch = -1;
    ASSERT_EQ(sscanf(octavo_version(), "%d.%d.%d", &major, &minor, &patch), 3) << octavo_version();
}
