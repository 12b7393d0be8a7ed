// Who computes: each contender runs the same network in the types and with the kernels that are its own.
#ifndef OCTAVO_BENCH_CONTENDER_H
#define OCTAVO_BENCH_CONTENDER_H

#include <string>

namespace octavo::bench {

enum class Contender { octavo_int8, onednn_int8, onednn_float };
constexpr Contender contenders[] = {Contender::octavo_int8, Contender::onednn_int8, Contender::onednn_float};

inline std::string contender_name(Contender contender) {
    switch (contender) {
        case Contender::octavo_int8:
            return "octavo_int8";
        case Contender::onednn_int8:
            return "onednn_int8";
        default:
            return "onednn_float";
    }
}

}  // namespace octavo::bench

#endif
