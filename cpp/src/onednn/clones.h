// Plain loops compiled once for each vector width; the loader picks by CPU.
#ifndef OCTAVO_ONEDNN_CLONES_H
#define OCTAVO_ONEDNN_CLONES_H

// Resolvers run before a sanitizer's own start-up, so sanitized builds have the default version alone.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || !defined(__x86_64__)
#define OCTAVO_CLONES
#else
#define OCTAVO_CLONES __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#endif

#endif
