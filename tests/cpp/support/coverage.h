// Proof that every instruction set of this machine was tested.
#ifndef OCTAVO_TESTS_SUPPORT_COVERAGE_H
#define OCTAVO_TESTS_SUPPORT_COVERAGE_H

#include <gtest/gtest.h>

#include <cstdio>
#include <string>

#include "cpu/isa.h"

namespace octavo::test {

// One per test: `ran` notes an instruction set under test; at the end the covered list is printed, and an available instruction
// set that never ran fails the test. Those that this CPU lacks are printed as skipped.
class Coverage {
public:
    explicit Coverage(const char* what) : what_(what) {}
    Coverage(const Coverage&) = delete;
    Coverage& operator=(const Coverage&) = delete;
    void ran(Isa isa) { cases_[static_cast<int>(isa)]++; }
    ~Coverage() {
        std::string covered, skipped;
        for (int i = 0; i < isa_count; i++) {
            const Isa isa = static_cast<Isa>(i);
            if (cases_[i] > 0) {
                covered += std::string(" ") + isa_name(isa) + " (" + std::to_string(cases_[i]) + ")";
            } else if (isa_supported(isa)) {
                if (!::testing::Test::HasFailure())
                    ADD_FAILURE() << what_ << ": " << isa_name(isa) << " was not covered";
            } else {
                skipped += std::string(" ") + isa_name(isa);
            }
        }
        std::printf("[ covered  ] %s:%s%s%s\n", what_, covered.c_str(), skipped.empty() ? "" : "; this CPU lacks",
                    skipped.c_str());
    }

private:
    const char* what_;
    long cases_[isa_count] = {};
};

}  // namespace octavo::test

#endif
