#include "ops/axis_copy.h"

#include <algorithm>
#include <cstring>

#include "base/sizes.h"
#include "registry/copy.h"
#include "registry/transpose.h"

namespace octavo {
namespace {

constexpr int64_t tile = 128;           // both sides of a tile stay in the cache nearest to the core
constexpr int64_t most_runs = 2048;     // that are listed for one index of the outer axes
constexpr int64_t short_run = 512;      // bytes: longer ones are worth an index of their own
constexpr int64_t long_run = 64 << 10;  // bytes: longer ones are cut, so that threads can share them

bool is_even(const CopyAxis& axis) { return axis.offsets.empty(); }

bool has_fillers(const CopyAxis& axis) {
    return std::find(axis.offsets.begin(), axis.offsets.end(), outside) != axis.offsets.end();
}

int64_t offset_of(const CopyAxis& axis, int64_t i) { return is_even(axis) ? i * axis.x_step : axis.offsets[i]; }

// Offsets that grow evenly become steps; the first of them is then part of the start.
void recognize_steps(CopyAxis* axis, int64_t* x_start) {
    if (is_even(*axis)) return;
    const std::vector<int64_t>& o = axis->offsets;
    if (has_fillers(*axis)) return;
    const int64_t step = axis->count > 1 ? o[1] - o[0] : 0;
    for (int64_t i = 1; i < axis->count; i++)
        if (o[i] - o[i - 1] != step) return;
    *x_start += o[0];
    axis->x_step = step;
    axis->offsets.clear();
}

// Whether the inner axis goes on where the outer one's next index begins.
bool merges(const CopyAxis& outer, const CopyAxis& inner) {
    return is_even(outer) && is_even(inner) && outer.x_step == inner.count * inner.x_step &&
           outer.y_step == inner.count * inner.y_step;
}

}  // namespace

AxisCopy::AxisCopy(std::vector<CopyAxis> axes, int64_t x_start, int64_t y_start, int64_t element, Isa isa,
                   uint64_t filler, const uint8_t* table)
    : element_(element),
      x_start_(x_start),
      y_start_(y_start),
      filler_(filler),
      copies_(copy_kernels(isa)),
      maps_(map_kernels(isa)) {
    if (table != nullptr) {
        table_ = AlignedArray<uint8_t>(256);
        std::copy(table, table + 256, table_.data());
    }
    simplify(&axes);
    if (!choose_transposition(&axes, isa)) list_runs(&axes);
    axes_ = std::move(axes);
    for (const CopyAxis& axis : axes_) outer_ *= axis.count;
    if (transpose_ == nullptr) {
        cut_long_runs();
        find_even_runs();
        inner_ = places_.empty() ? static_cast<int64_t>(runs_.size()) : 1;
        int64_t elements = 0;
        for (const Run& run : runs_) elements += run.n * (run.x_step == 1 && run.y_step == 1 ? 1 : 8);
        const int64_t count = static_cast<int64_t>(runs_.size());
        cost_ = (elements * element_ * 40 + count * 3000) / inner_ + 1;
    }
}

void AxisCopy::simplify(std::vector<CopyAxis>* axes) {
    std::vector<CopyAxis> kept;
    for (CopyAxis& axis : *axes) {
        recognize_steps(&axis, &x_start_);
        if (axis.count == 1 && is_even(axis)) continue;
        if (!kept.empty() && merges(kept.back(), axis)) {
            kept.back() = {kept.back().count * axis.count, axis.y_step, axis.x_step};
        } else {
            kept.push_back(std::move(axis));
        }
    }
    if (kept.empty()) kept.push_back({1, 1, 1});
    *axes = std::move(kept);
}

// Where neighbours of y lie apart in x and those of x apart in y.
bool AxisCopy::choose_transposition(std::vector<CopyAxis>* axes, Isa isa) {
    const CopyAxis last = axes->back();
    if (!table_.empty() || !is_even(last) || last.y_step != 1 || last.x_step <= 1) return false;
    if (std::any_of(axes->begin(), axes->end(), has_fillers)) return false;
    for (size_t i = 0; i + 1 < axes->size(); i++) {
        const CopyAxis axis = (*axes)[i];
        const bool fits = is_even(axis) && axis.x_step == 1 && last.x_step >= axis.count && axis.y_step >= last.count;
        if (!fits || axis.count * last.count < 16) continue;
        // Elements of 8 bytes, which are indices and few, have the definition alone.
        const TransposeKernels& kernels = transpose_kernels(element_ == 8 ? Isa::scalar : isa);
        transpose_ = element_ == 1 ? kernels.bytes : element_ == 4 ? kernels.words : kernels.longs;
        transpose_suffix_ = kernels.suffix;
        rows_ = last.count;
        x_stride_ = last.x_step;
        columns_ = axis.count;
        y_stride_ = axis.y_step;
        inner_ = ceil_div(rows_, tile) * ceil_div(columns_, tile);
        cost_ = ceil_div(rows_ * columns_, inner_) * 100;
        axes->pop_back();
        axes->erase(axes->begin() + static_cast<int64_t>(i));
        return true;
    }
    return false;
}

// Takes axes from the inside as long as what they have in common are few runs.
void AxisCopy::list_runs(std::vector<CopyAxis>* axes) {
    const auto append = [](std::vector<Run>* runs, const Run& next) {
        if (!runs->empty()) {
            Run& last = runs->back();
            const bool filler = last.x == outside;
            const bool dense = (last.n == 1 || last.y_step == 1) && (next.n == 1 || next.y_step == 1);
            const bool in_order = filler || ((last.n == 1 || last.x_step == 1) && (next.n == 1 || next.x_step == 1));
            if (filler == (next.x == outside) && dense && in_order && next.y == last.y + last.n &&
                (filler || next.x == last.x + last.n)) {
                last = {last.x, last.y, last.n + next.n, filler ? 0 : 1, 1};
                return;
            }
        }
        runs->push_back(next);
    };
    int64_t elements = axes->back().count;
    runs_ = {{0, 0, 1, 1, 1}};
    bool last = false;
    for (bool first = true; !axes->empty() && !last; first = false) {
        const CopyAxis& axis = axes->back();
        const int64_t count = static_cast<int64_t>(runs_.size());
        if (!first) {
            const int64_t most = std::min(most_runs / count, long_run / (elements * element_));
            if (elements * element_ / count > short_run || (axis.count > most && !is_even(axis))) break;
            // Of an axis that is too long as many indices as go into it evenly; the rest of it stays outside.
            int64_t part = std::min(axis.count, most);
            while (part > 1 && axis.count % part != 0) part--;
            if (part <= 1) break;
            if (part < axis.count) {
                const CopyAxis whole = axis;
                axes->back() = {whole.count / part, whole.y_step * part, whole.x_step * part};
                axes->push_back({part, whole.y_step, whole.x_step});
                last = true;
            }
            elements *= part;
        }
        const CopyAxis taken = axes->back();
        std::vector<Run> merged;
        if (first && is_even(taken)) {
            merged.push_back({0, 0, taken.count, taken.x_step, taken.y_step});
        } else {
            for (int64_t i = 0; i < taken.count; i++) {
                const int64_t offset = offset_of(taken, i);
                for (Run run : runs_) {
                    run.y += i * taken.y_step;
                    run.x = run.x == outside || offset == outside ? outside : run.x + offset;
                    append(&merged, run);
                }
            }
        }
        runs_ = std::move(merged);
        axes->pop_back();
    }
}

void AxisCopy::cut_long_runs() {
    std::vector<Run> cut;
    for (Run run : runs_) {
        const int64_t most = std::max(long_run / element_, run.n / most_runs);
        for (; run.n > most; run.n -= most) {
            cut.push_back({run.x, run.y, most, run.x_step, run.y_step});
            if (run.x != outside) run.x += most * run.x_step;
            run.y += most * run.y_step;
        }
        cut.push_back(run);
    }
    runs_ = std::move(cut);
}

// Runs that all are equally long and lie evenly in y go through one kernel.
void AxisCopy::find_even_runs() {
    if (runs_.size() < 2 || !table_.empty()) return;
    const Run& first = runs_[0];
    const int64_t step = runs_[1].y - first.y;
    if (std::any_of(axes_.begin(), axes_.end(), has_fillers)) return;
    for (size_t i = 0; i < runs_.size(); i++) {
        const Run& run = runs_[i];
        const bool dense = run.n == 1 || (run.x_step == 1 && run.y_step == 1);
        if (run.x == outside || !dense || run.n != first.n || run.n * element_ > short_run ||
            run.y != first.y + static_cast<int64_t>(i) * step)
            return;
    }
    for (const Run& run : runs_) places_.push_back((run.x - first.x) * element_);
    x_start_ += first.x;
    y_start_ += first.y;
    run_bytes_ = first.n * element_;
    run_step_ = step * element_;
}

bool AxisCopy::is_whole() const {
    return transpose_ == nullptr && axes_.empty() && x_start_ == 0 && y_start_ == 0 && table_.empty() &&
           std::all_of(runs_.begin(), runs_.end(), [](const Run& run) {
               return run.x == run.y && run.y_step == 1 && (run.x_step == 1 || run.n == 1);
           });
}

std::string AxisCopy::suffix() const {
    if (transpose_ != nullptr) return "transposed_" + transpose_suffix_;
    if (!table_.empty()) return std::string("map_") + maps_.suffix;
    return "copy";
}

// An index of the outer axes and the places that belong to it.
struct AxisCopy::Cursor {
    const std::vector<CopyAxis>& axes;
    int64_t index[2 * OCTAVO_MAX_RANK];
    int64_t x, y;
    bool fill;

    Cursor(const AxisCopy& copy, int64_t at) : axes(copy.axes_) {
        for (size_t i = axes.size(); i-- > 0; at /= axes[i].count) index[i] = at % axes[i].count;
        locate(copy);
    }

    void locate(const AxisCopy& copy) {
        x = copy.x_start_;
        y = copy.y_start_;
        fill = false;
        for (size_t i = 0; i < axes.size(); i++) {
            const int64_t offset = offset_of(axes[i], index[i]);
            y += index[i] * axes[i].y_step;
            fill |= offset == outside;
            if (offset != outside) x += offset;
        }
    }

    void next(const AxisCopy& copy) {
        for (size_t i = axes.size(); i-- > 0;) {
            if (++index[i] < axes[i].count) break;
            index[i] = 0;
        }
        locate(copy);
    }
};

void AxisCopy::run(const char* x, char* y, int64_t begin, int64_t end) const noexcept {
    int64_t inner = begin % inner_;
    Cursor cursor(*this, begin / inner_);
    for (int64_t unit = begin; unit < end;) {
        const char* from = x + cursor.x * element_;
        char* to = y + cursor.y * element_;
        if (!places_.empty()) {
            copies_.runs(from, places_.data(), run_bytes_, to, run_step_, static_cast<int64_t>(places_.size()));
            unit++;
        } else {
            const int64_t stop = std::min(inner_, inner + end - unit);
            unit += stop - inner;
            for (; inner < stop; inner++) {
                if (transpose_ != nullptr)
                    copy_tile(inner, from, to);
                else
                    copy_run(runs_[inner], from, to, cursor.fill);
            }
            inner = 0;
        }
        if (unit < end) cursor.next(*this);
    }
}

void AxisCopy::copy_tile(int64_t number, const char* x, char* y) const noexcept {
    const int64_t across = ceil_div(columns_, tile);
    const int64_t row = number / across * tile, column = number % across * tile;
    transpose_(x + (row * x_stride_ + column) * element_, x_stride_, y + (column * y_stride_ + row) * element_,
               y_stride_, std::min(tile, rows_ - row), std::min(tile, columns_ - column));
}

void AxisCopy::copy_run(const Run& run, const char* x, char* y, bool fill) const noexcept {
    char* to = y + run.y * element_;
    if (fill || run.x == outside) {
        copies_.of(element_)(&filler_, 0, to, run.y_step, run.n);
        return;
    }
    const char* from = x + run.x * element_;
    const bool dense = run.n == 1 || (run.x_step == 1 && run.y_step == 1);
    if (table_.empty()) {
        if (dense)
            std::memcpy(to, from, static_cast<size_t>(run.n * element_));
        else
            copies_.of(element_)(from, run.x_step, to, run.y_step, run.n);
        return;
    }
    const uint8_t* codes = reinterpret_cast<const uint8_t*>(from);
    uint8_t* mapped = reinterpret_cast<uint8_t*>(to);
    if (dense)
        maps_.bytes(codes, mapped, run.n, table_.data());
    else
        for (int64_t i = 0; i < run.n; i++) mapped[i * run.y_step] = table_[codes[i * run.x_step]];
}

}  // namespace octavo
