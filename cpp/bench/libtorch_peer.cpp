#include "bench/libtorch_peer.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <stdexcept>
#include <vector>

extern char** environ;

namespace octavo::bench {

LibtorchPeer::LibtorchPeer(const std::string& command) {
    std::signal(SIGPIPE, SIG_IGN);  // a peer that dies is an error of the next question
    int questions[2], answers[2];
    if (pipe2(questions, O_CLOEXEC) != 0 || pipe2(answers, O_CLOEXEC) != 0)
        throw std::runtime_error("--peer libtorch: no pipe");
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, questions[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, answers[1], STDOUT_FILENO);
    const std::string whole = "exec " + command;
    const char* words[] = {"sh", "-c", whole.c_str(), nullptr};
    const int failure = posix_spawn(&process_, "/bin/sh", &files, nullptr, const_cast<char**>(words), environ);
    posix_spawn_file_actions_destroy(&files);
    close(questions[0]);
    close(answers[1]);
    to_ = fdopen(questions[1], "w");
    from_ = fdopen(answers[0], "r");
    if (failure != 0) throw std::runtime_error("--peer libtorch: " + command + " does not start");
}

// At the end of its questions the program stops.
LibtorchPeer::~LibtorchPeer() {
    std::fclose(to_);
    std::fclose(from_);
    if (process_ > 0) waitpid(process_, nullptr, 0);
}

void LibtorchPeer::prepare(const Shape& shape, int64_t copies, int threads) {
    std::string line = "linear";
    std::vector<int64_t> numbers = {shape.batch,  shape.channels, shape.outputs, shape.x_zero,
                                    shape.w_zero, shape.y_zero,   copies,        threads};
    if (shape.family == Family::conv) {
        line = "conv";
        numbers = {shape.channels, shape.height, shape.width,  shape.outputs, shape.kernel, shape.stride, shape.padding,
                   shape.groups,   shape.x_zero, shape.w_zero, shape.y_zero,  copies,       threads};
    }
    for (int64_t number : numbers) line += " " + std::to_string(number);
    const std::string answer = ask(line);
    if (answer != "ready") throw std::runtime_error(answer);
}

double LibtorchPeer::seconds(int64_t runs) { return 1e-9 * std::stod(ask("run " + std::to_string(runs))); }

std::string LibtorchPeer::ask(const std::string& line) {
    char answer[4096];
    if (std::fprintf(to_, "%s\n", line.c_str()) < 0 || std::fflush(to_) != 0 ||
        std::fgets(answer, sizeof answer, from_) == nullptr)
        throw std::runtime_error("--peer libtorch: the program has ended at \"" + line + "\"");
    std::string text = answer;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    return text;
}

}  // namespace octavo::bench
