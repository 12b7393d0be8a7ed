// Which CPUs threads may use.
#ifndef OCTAVO_BENCH_PIN_H
#define OCTAVO_BENCH_PIN_H

namespace octavo::bench {

// Of the process when it started, and how many of them.
int allowed_cpus();
// The calling thread, and those that it will start, to the last `count` of them: interrupts are served by the first more often.
void limit_to(int count);
// Of `count` threads each to one of these CPUs: the calling thread, those that help it in Octavo, and those of OpenMP. Threads that
// the system moves about meet on one CPU for milliseconds.
void pin_threads(int count);

}  // namespace octavo::bench

#endif
