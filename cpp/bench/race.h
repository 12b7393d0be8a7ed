// Measures contenders against each other: their repetitions run in random order, so that a slow moment of the machine meets all.
#ifndef OCTAVO_BENCH_RACE_H
#define OCTAVO_BENCH_RACE_H

#include <functional>
#include <string>
#include <vector>

#include "bench/options.h"
#include "bench/row.h"

namespace octavo::bench {

// Once, before the first race.
void prepare_races(const Options& options);

class Race {
public:
    explicit Race(int threads) : threads_(threads) {}
    // run may throw; the contender then has no time, and the sentence is a note.
    void add(Contender contender, std::function<void()> run) {
        contenders_.push_back({contender, std::move(run), nullptr, 1});
    }
    // A contender that measures itself: seconds(n) runs n times. It is asked for about a millisecond at a time. May throw.
    void add_timed(Contender contender, std::function<double(int64_t)> seconds);
    Times run(std::vector<std::string>* notes);

private:
    struct Entry {
        Contender contender;
        std::function<void()> run;
        std::function<double(int64_t)> seconds;
        int64_t batch;
    };
    int threads_;
    std::vector<Entry> contenders_;
};

}  // namespace octavo::bench

#endif
