#include "bench/chart.h"

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace octavo::bench {

namespace {

struct Bar {
    Contender contender;
    const char* name;
    const char* colour;
};
constexpr Bar bars[] = {{Contender::octavo, "Octavo int8", "#1b6ca8"},
                        {Contender::onednn_int8, "oneDNN int8", "#e08a1e"},
                        {Contender::fbgemm, "FBGEMM", "#7a9e3c"},
                        {Contender::onednn_float, "oneDNN float", "#9a9a9a"}};

constexpr int label_width = 260, plot_width = 640, value_width = 60, bar_height = 7, gap = 8, title_height = 26;

// The SVG grows downward; y is where the next thing goes.
class Canvas {
public:
    void text(int x, const std::string& words, const char* style) {
        body_ << "<text x=\"" << x << "\" y=\"" << y_ << "\" " << style << ">" << escaped(words) << "</text>\n";
    }
    void rectangle(int x, double width, int height, const char* colour) {
        body_ << "<rect x=\"" << x << "\" y=\"" << y_ << "\" width=\"" << width << "\" height=\"" << height
              << "\" fill=\"" << colour << "\"/>\n";
    }
    void down(int by) { y_ += by; }

    std::string finished() const {
        const int width = label_width + plot_width + value_width;
        std::ostringstream svg;
        svg << "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"" << width << "\" height=\"" << y_ + gap
            << "\" font-family=\"sans-serif\" font-size=\"11\">\n<rect width=\"100%\" height=\"100%\" "
               "fill=\"white\"/>\n"
            << body_.str() << "</svg>\n";
        return svg.str();
    }

private:
    static std::string escaped(const std::string& words) {
        std::string safe;
        for (char c : words) {
            if (c == '<' || c == '>' || c == '&') {
                safe += c == '<' ? "&lt;" : c == '>' ? "&gt;" : "&amp;";
            } else {
                safe += c;
            }
        }
        return safe;
    }

    std::ostringstream body_;
    int y_ = 0;
};

// A rate as a fraction of what the machine can do for the row.
std::optional<double> fraction(const Row& row, Contender contender) {
    const std::optional<double> rate = row.rate(contender);
    const std::optional<double> most = row.memory_bound() ? row.rate(Contender::machine) : std::optional(row.peak);
    if (!rate || !most || *most <= 0) return std::nullopt;
    return *rate / *most;
}

bool took_part(const Report& report, Contender contender) {
    return std::any_of(report.rows.begin(), report.rows.end(),
                       [&](const Row& row) { return row.times.count(contender) != 0; });
}

double longest_bar(const Report& report) {
    double longest = 1;
    for (const Row& row : report.rows) {
        for (const Bar& bar : bars) longest = std::max(longest, fraction(row, bar.contender).value_or(0));
    }
    return longest;
}

void draw_row(Canvas* canvas, const Row& row, double longest) {
    int drawn = 0;
    for (const Bar& bar : bars) {
        const std::optional<double> part = fraction(row, bar.contender);
        if (!part) continue;
        canvas->rectangle(label_width, *part / longest * plot_width, bar_height, bar.colour);
        canvas->down(bar_height);
        if (drawn++ > 0) continue;
        canvas->text(label_width - 6, row.shape.name, "text-anchor=\"end\"");
        char value[32];
        std::snprintf(value, sizeof value, "%.0f", row.rate(bar.contender).value_or(0));
        canvas->text(label_width + static_cast<int>(*part / longest * plot_width) + 4, value, "");
    }
    if (drawn > 0) canvas->down(drawn == 1 ? gap + bar_height : gap);
}

}  // namespace

void write_chart(const Report& report, const std::string& file) {
    Canvas canvas;
    canvas.down(title_height);
    canvas.text(gap,
                report.cpu + ", kernels " + report.isa + ": fractions of " +
                    std::to_string(static_cast<int>(report.peak)) +
                    " GOPS a core; memory-bound rows: of the bandwidth. Figures: Octavo's GOPS or GB/s",
                "font-weight=\"bold\"");
    canvas.down(gap);
    int x = gap;
    for (const Bar& bar : bars) {
        if (!took_part(report, bar.contender)) continue;
        canvas.rectangle(x, 12, 12, bar.colour);
        canvas.down(10);
        canvas.text(x + 18, bar.name, "");
        canvas.down(-10);
        x += 130;
    }
    canvas.down(title_height);
    const double longest = longest_bar(report);
    for (int threads : {1, 2}) {
        for (Kind kind : kinds) {
            bool titled = false;
            for (const Row& row : report.rows) {
                if (row.shape.kind() != kind || row.threads != threads) continue;
                if (!titled) {
                    canvas.down(title_height - gap);
                    canvas.text(gap, std::string(kind_name(kind)) + (threads == 1 ? ", 1 thread" : ", 2 threads"),
                                "font-weight=\"bold\"");
                    canvas.down(gap);
                    titled = true;
                }
                draw_row(&canvas, row, longest);
            }
        }
    }
    std::ofstream out(file);
    out << canvas.finished();
    out.close();
    if (!out) throw std::runtime_error("--chart " + file + ": cannot be written");
}

}  // namespace octavo::bench
