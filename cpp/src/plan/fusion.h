// Decisions about neighbours, made before implementations are chosen: which operators need no work of their own.
#ifndef OCTAVO_PLAN_FUSION_H
#define OCTAVO_PLAN_FUSION_H

#include <string>
#include <vector>

#include "plan/describe.h"

namespace octavo {

// Weights whose columns are the features of an image, in the order in which a flatten makes them.
struct ColumnOrder {
    int64_t channels = 0, pixels = 0;
    bool wanted() const { return channels > 0; }
};

struct Fusion {
    bool view = false;    // the output is the memory of input 0: nothing to run
    std::string reason;   // for a view, why it is one; otherwise why not, if that was a choice
    ColumnOrder columns;  // a linear that reads NHWC: its weights are packed with columns in H, W, C order
    std::vector<std::string> absorbed;  // names of the operators whose work this one does
    int pool = -1;  // a convolution: the node of the max-pool that it may do as well, if there is a kernel
};

// One a node. Views are:
// - a flatten of a PLAIN value, or of one whose layouts coincide (one channel or one pixel);
// - a flatten of an NHWC value that only linears with constant weights read: their columns are permuted instead;
// - a reorder between layouts that coincide;
// - a reshape of a value whose elements lie in row-major order, to one of the same.
// What becomes the caller's output stays a step, and so does what does not fit: it is left for the operator to complain of.
// A convolution may take the maximum over 2 x 2 pixels at stride 2 where nobody else reads its result.
std::vector<Fusion> decide_fusions(const std::vector<Value>& values, const std::vector<Node>& nodes);

// The constant weights [N, C*H*W] with columns in H, W, C order, made when they are looked at.
Value permute_columns(const Value& weights, const ColumnOrder& order);

}  // namespace octavo

#endif
