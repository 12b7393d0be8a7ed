// Something to measure: ready to be run again and again.
#ifndef OCTAVO_BENCH_WORKLOAD_H
#define OCTAVO_BENCH_WORKLOAD_H

#include <memory>
#include <utility>
#include <vector>

#include "bench/bytes.h"

namespace octavo::bench {

class Workload {
public:
    virtual ~Workload() = default;
    // Throws std::exception with the library's sentence.
    virtual void run() = 0;
    virtual const Bytes& output() const = 0;
};

// Runs one after the other, which reads what the one wrote.
class Sequence : public Workload {
public:
    Sequence(std::unique_ptr<Workload> first, std::unique_ptr<Workload> second)
        : first_(std::move(first)), second_(std::move(second)) {}
    void run() override {
        first_->run();
        second_->run();
    }
    const Bytes& output() const override { return second_->output(); }

private:
    std::unique_ptr<Workload> first_, second_;
};

// Runs the next of several copies, so that none finds its weights in a cache.
class Cycle : public Workload {
public:
    explicit Cycle(std::vector<std::unique_ptr<Workload>> copies) : copies_(std::move(copies)) {}
    void run() override {
        copies_[next_]->run();
        if (++next_ == copies_.size()) next_ = 0;
    }
    const Bytes& output() const override { return copies_[0]->output(); }

private:
    std::vector<std::unique_ptr<Workload>> copies_;
    size_t next_ = 0;
};

}  // namespace octavo::bench

#endif
