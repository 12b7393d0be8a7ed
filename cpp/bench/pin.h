// Which CPUs the calling thread, and the threads that it will start, may use.
#ifndef OCTAVO_BENCH_PIN_H
#define OCTAVO_BENCH_PIN_H

namespace octavo::bench {

// Of the process when it started, and how many of them.
int allowed_cpus();
// The last `count` of them: interrupts are served by the first more often.
void pin_to(int count);

}  // namespace octavo::bench

#endif
