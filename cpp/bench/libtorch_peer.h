// FBGEMM as libtorch calls it: a program of its own (libtorch/LibtorchPeer.java has its language), asked through pipes, on the
// CPUs of the thread that starts it.
#ifndef OCTAVO_BENCH_LIBTORCH_PEER_H
#define OCTAVO_BENCH_LIBTORCH_PEER_H

#include <sys/types.h>

#include <cstdint>
#include <cstdio>
#include <string>

#include "bench/shapes.h"

namespace octavo::bench {

class LibtorchPeer {
public:
    // command: of a shell. Throws std::runtime_error if it does not start.
    explicit LibtorchPeer(const std::string& command);
    ~LibtorchPeer();
    LibtorchPeer(const LibtorchPeer&) = delete;
    LibtorchPeer& operator=(const LibtorchPeer&) = delete;

    // The layer that `seconds` runs from now on. Throws std::runtime_error where there is no such kernel.
    void prepare(const Shape& shape, int64_t copies, int threads);
    // Of so many runs: CPU time of one thread, real time of more.
    double seconds(int64_t runs);

private:
    std::string ask(const std::string& line);

    pid_t process_ = 0;
    std::FILE *to_ = nullptr, *from_ = nullptr;
};

}  // namespace octavo::bench

#endif
