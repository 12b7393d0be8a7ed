#include "ops/packing.h"

#include <exception>
#include <mutex>

#include "cpu/pool.h"

namespace octavo {

Share packing_threads(int64_t bytes, int threads) {
    // Less is packed before another thread is awake.
    constexpr int64_t worthwhile = 256 * 1024;
    if (threads <= 1 || bytes < worthwhile) return alone;
    return [threads](int64_t count, const std::function<void(int64_t)>& body) {
        // A task of the pool must not throw, but memory may run out in it.
        std::exception_ptr failure;
        std::mutex mutex;
        parallel_for(count, threads, [&](int64_t i, int) {
            try {
                body(i);
            } catch (...) {
                std::lock_guard<std::mutex> lock(mutex);
                failure = std::current_exception();
            }
        });
        if (failure) std::rethrow_exception(failure);
    };
}

Share packing_threads(const StageOperands& operands) {
    return packing_threads(operands.weights->outputs * operands.weights->depth, operands.threads);
}

std::shared_ptr<const Panels> pack_panels(const GemmTile& tile, const GroupLayout& layout,
                                          const StageOperands& operands, int groups, int64_t group_bytes) {
    const auto describe = [&](Hash& key) { key.add(&tile).add(layout.source).add(groups).add(group_bytes); };
    return pack_weights(operands, "panels", describe, [&] {
        const DenseWeights& weights = *operands.weights;
        const int64_t columns = weights.outputs / groups;
        Panels panels(tile);
        for (int g = 0; g < groups; g++) {
            panels.add(weights.values.data() + g * columns * weights.depth, columns, weights.depth, g * columns,
                       g * group_bytes, g);
        }
        panels.finish(layout, packing_threads(operands));
        return panels;
    });
}

}  // namespace octavo
