// Whole networks: the demo network and ResNet-20 on 32x32 colour images, f32 NCHW in, f32 logits out, random weights.
#ifndef OCTAVO_BENCH_NETS_H
#define OCTAVO_BENCH_NETS_H

#include <string>
#include <vector>

namespace octavo::bench {

// Races the contenders on one image and one thread, and prints their times and each step's share. Codes of activations are
// 0..code_max.
void print_nets(int code_max, std::vector<std::string>* notes);

}  // namespace octavo::bench

#endif
