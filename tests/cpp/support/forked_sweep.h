// Sweeps over code that may crash: cases run in child processes, a block of them in each, and one that dies is reported with the
// line that repeats it, like one that is wrong; the rest goes on.
#ifndef OCTAVO_TESTS_SUPPORT_FORKED_SWEEP_H
#define OCTAVO_TESTS_SUPPORT_FORKED_SWEEP_H

#include <signal.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <vector>

#include "support/sweep.h"

namespace octavo::test {

// Environment: that of Sweep. The program must not have used the tested code before: children begin as the parent is.
class ForkedSweep {
public:
    // Stops after `most_failures` failed cases. A case that takes longer than `seconds` fails.
    ForkedSweep(int64_t cases, int64_t block, size_t most_failures = 10, int seconds = 120)
        : cases_(cases), block_(block), most_failures_(most_failures), seconds_(seconds) {
        void* shared = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (shared == MAP_FAILED) throw std::bad_alloc();
        shared_ = new (shared) Shared();
    }
    ForkedSweep(const ForkedSweep&) = delete;
    ForkedSweep& operator=(const ForkedSweep&) = delete;
    ~ForkedSweep() { munmap(shared_, sizeof(Shared)); }

    // prepare(block number) is a child's first call; body(Random&) runs one case, and returns false for one that is none.
    template <class Prepare, class Body>
    void run(const Prepare& prepare, const Body& body) {
        const auto seed = static_cast<uint64_t>(Sweep::number("OCTAVO_TEST_SEED", 1));
        const auto only = static_cast<int64_t>(Sweep::number("OCTAVO_TEST_CASE", -1));
        const int64_t end = only < 0 ? cases_ : only + 1;
        std::vector<std::string> failures;
        for (int64_t at = std::max<int64_t>(only, 0); at < end && failures.size() < most_failures_;) {
            const int64_t next = std::min(end, (at / block_ + 1) * block_);
            shared_->at = at;
            std::fflush(nullptr);
            const pid_t child = fork();
            ASSERT_GE(child, 0) << strerror(errno);
            if (child == 0) run_block(at, next, seed, prepare, body);
            int status = 0;
            ASSERT_EQ(waitpid(child, &status, 0), child) << strerror(errno);
            if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
                at = next;
                continue;
            }
            at = shared_->at + 1;
            std::string how = "failed";
            if (WIFSIGNALED(status)) {
                const int signal = WTERMSIG(status);
                how = signal == SIGALRM ? "took too long" : strsignal(signal);
            }
            failures.push_back(std::string(shared_->text) + ": " + how + "\n" + Sweep::replay(seed, shared_->at));
            std::fprintf(stderr, "%s\n", failures.back().c_str());
        }
        // Only now: children of a failed test would have failed from the beginning.
        for (const std::string& failure : failures) ADD_FAILURE() << failure;
        if (shared_->ran == 0) ADD_FAILURE() << "the sweep ran no case";
    }

    int64_t at() const { return shared_->at; }  // the case under way
    // What it is, for the report of its crash.
    void say(const std::string& text) { std::snprintf(shared_->text, sizeof shared_->text, "%s", text.c_str()); }
    const char* text() const { return shared_->text; }

    // Counts by name, over all children.
    void count(const std::string& name) {
        for (Count& c : shared_->counts) {
            if (c.cases == 0) std::snprintf(c.name, sizeof c.name, "%s", name.c_str());
            if (name.compare(0, sizeof c.name - 1, c.name) != 0) continue;
            ++c.cases;
            return;
        }
    }
    void print_counts(const char* title) const {
        std::printf("[ %-9s] %lld cases\n", title, static_cast<long long>(shared_->ran));
        for (const Count& c : shared_->counts) {
            if (c.cases > 0) std::printf("%10lld %s\n", static_cast<long long>(c.cases), c.name);
        }
    }
    int64_t counted(const std::string& part) const {
        int64_t cases = 0;
        for (const Count& c : shared_->counts) {
            if (std::string(c.name).find(part) != std::string::npos) cases += c.cases;
        }
        return cases;
    }

private:
    struct Count {
        char name[96];
        int64_t cases;
    };
    struct Shared {
        int64_t at = 0, ran = 0;
        char text[512] = "";
        Count counts[400] = {};
    };

    template <class Prepare, class Body>
    [[noreturn]] void run_block(int64_t at, int64_t end, uint64_t seed, const Prepare& prepare, const Body& body) {
        prepare(at / block_);
        for (; at < end; ++at) {
            shared_->at = at;
            say("");
            alarm(static_cast<unsigned>(seconds_));
            Random random(seed * 1000003u + static_cast<uint64_t>(at));
            if (body(random)) ++shared_->ran;
            if (::testing::Test::HasFailure()) break;
        }
        std::fflush(nullptr);
        _exit(::testing::Test::HasFailure() ? 1 : 0);
    }

    int64_t cases_, block_;
    size_t most_failures_;
    int seconds_;
    Shared* shared_;
};

}  // namespace octavo::test

#endif
