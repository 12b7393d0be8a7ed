// What oneDNN 3.11 computes wrongly or in memory that is not its own, and the ways around it. A row for each fault, found by
// tests/cpp/onednn/onednn_sweep_test.cpp, where guard pages enclose all that oneDNN is given; 3.13 has the same faults.
#ifndef OCTAVO_ONEDNN_DETOURS_H
#define OCTAVO_ONEDNN_DETOURS_H

#include <string>

#include "onednn/geometry.h"

namespace octavo::onednn {

enum class Pass { forward, grad_input, grad_weight, int8 };

enum class Remedy {
    another,  // the next of oneDNN's implementations
    sample    // the pixels that a pointwise convolution's stride does not skip are copied first, and the stride is 1
};

struct Detour {
    Pass pass;
    const char* implementation;  // part of its name; "": of all
    bool (*applies)(const Geometry&);
    Remedy remedy;
    const char* reason;
};

// The row with `remedy` for an implementation's name, null if there is none.
const Detour* find_detour(Pass pass, Remedy remedy, const std::string& implementation, const Geometry& geometry);

// Adds the row's reason to a sentence that may have it already.
void add_reason(std::string* reasons, const Detour& detour);

// The implementation that runs of those that make() goes through: of those without a row here the first that `preferred` takes
// by its name, or else the first of all. Those passed over say why in `reasons`, which may be null.
template <class Describe, class Preferred>
auto choose_implementation(Pass pass, const Geometry& geometry, const Describe& make, const Preferred& preferred,
                           std::string* reasons) {
    auto pd = make();
    int first = -1;
    for (int i = 0;; ++i) {
        const std::string name = pd.impl_info_str();
        if (const Detour* row = find_detour(pass, Remedy::another, name, geometry)) {
            if (reasons && first < 0) add_reason(reasons, *row);
        } else {
            if (preferred(name)) return pd;
            if (first < 0) first = i;
        }
        if (!pd.next_impl()) break;
    }
    if (first < 0) throw Refusal("oneDNN has no other implementation");
    pd = make();
    for (int i = 0; i < first; ++i) pd.next_impl();
    return pd;
}

}  // namespace octavo::onednn

#endif
