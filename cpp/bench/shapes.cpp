#include "bench/shapes.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>
#include <stdexcept>

namespace octavo::bench {

namespace {

namespace fs = std::filesystem;

// "conv" of "resnet50_conv.txt"; false for other files.
bool family_of(const std::string& word, Family* family) {
    const std::map<std::string, Family> families = {
        {"linear", Family::linear}, {"table4", Family::table4}, {"conv", Family::conv}, {"memory", Family::memory}};
    const auto found = families.find(word);
    if (found != families.end()) *family = found->second;
    return found != families.end();
}

bool parse_numbers(std::istringstream* line, Shape* shape) {
    std::istringstream& in = *line;
    if (shape->family == Family::memory) in >> shape->operation >> shape->channels >> shape->height >> shape->width;
    if (shape->family == Family::linear || shape->family == Family::table4)
        in >> shape->batch >> shape->channels >> shape->outputs;
    if (shape->family == Family::conv)
        in >> shape->channels >> shape->height >> shape->width >> shape->outputs >> shape->kernel >> shape->stride >>
            shape->padding >> shape->groups;
    if (shape->family == Family::memory) shape->outputs = shape->groups = static_cast<int>(shape->channels);
    return static_cast<bool>(in);
}

bool parse_word(const std::string& word, Shape* shape) {
    const size_t equals = word.find('=');
    if (equals == std::string::npos) return false;
    const std::string key = word.substr(0, equals), value = word.substr(equals + 1);
    if (word == "to=f32") {
        shape->float_result = true;
    } else if (word == "x=f32") {
        shape->float_input = shape->float_result = true;
    } else if (word == "x=dynamic") {
        shape->dynamic_input = shape->float_result = true;
    } else if (word == "residual=u8") {
        shape->residual = true;
    } else if (word == "x=s8") {
        shape->signed_input = true;
    } else if (word == "tables=own") {
        shape->own_tables = true;
    } else if (word == "from=memory") {
        shape->from_memory = true;
    } else {
        const std::map<std::string, int*> numbers = {{"zx", &shape->x_zero},      {"zy", &shape->y_zero},
                                                     {"zw", &shape->w_zero},      {"group", &shape->group_size},
                                                     {"kernel", &shape->kernel},  {"stride", &shape->stride},
                                                     {"padding", &shape->padding}};
        const auto found = numbers.find(key);
        if (found == numbers.end()) return false;
        std::istringstream in(value);
        return static_cast<bool>(in >> *found->second) && in.eof();
    }
    return true;
}

bool parse(const std::string& text, const std::string& origin, Shape* shape) {
    std::istringstream line(text);
    std::string name, word;
    line >> name;
    shape->name = origin + "/" + name;
    if (!parse_numbers(&line, shape)) return false;
    while (line >> word) {
        if (!parse_word(word, shape)) return false;
    }
    return true;
}

// All of a line but the name.
std::string geometry(Family family, const std::string& text) {
    std::istringstream line(text);
    std::string word, all = std::to_string(static_cast<int>(family));
    line >> word;
    while (line >> word) all += " " + word;
    return all;
}

}  // namespace

const char* kind_name(Kind kind) {
    const char* names[] = {"gemm", "gemv", "table4", "conv", "first", "depthwise", "memory"};
    return names[static_cast<int>(kind)];
}

Kind Shape::kind() const {
    if (family == Family::memory) return Kind::memory;
    if (family == Family::table4) return Kind::table4;
    if (family == Family::linear) return batch == 1 ? Kind::gemv : Kind::gemm;
    if (groups > 1 && groups == channels) return Kind::depthwise;
    return channels < 8 ? Kind::first : Kind::conv;
}

int64_t Shape::results() const {
    return family == Family::linear || family == Family::table4 ? batch * outputs
                                                                : batch * outputs * out_height() * out_width();
}

std::vector<Shape> read_shapes() {
    std::vector<fs::path> files;
    for (const fs::directory_entry& entry : fs::directory_iterator(OCTAVO_SOURCE_DIR "/tests/shapes")) {
        if (entry.path().extension() == ".txt") files.push_back(entry.path());
    }
    std::sort(files.begin(), files.end());
    std::vector<Shape> shapes;
    std::map<std::string, std::string> seen;  // name by geometry
    for (const fs::path& path : files) {
        const std::string stem = path.stem().string();
        const size_t bar = stem.rfind('_');
        if (stem.compare(0, bar, "edges") == 0) continue;  // for tests
        std::ifstream file(path);
        std::string text;
        for (int number = 1; std::getline(file, text); ++number) {
            const std::string where = path.filename().string() + ":" + std::to_string(number) + ": ";
            text.resize(std::min(text.size(), text.find('#')));
            if (text.find_first_not_of(" \t\r") == std::string::npos) continue;
            Shape shape;
            if (bar == std::string::npos || !family_of(stem.substr(bar + 1), &shape.family) ||
                !parse(text, stem.substr(0, bar), &shape)) {
                throw std::runtime_error(where + "not understood: " + text);
            }
            const auto [other, first] = seen.emplace(geometry(shape.family, text), shape.name);
            if (!first) throw std::runtime_error(where + shape.name + " is " + other->second + " again");
            shapes.push_back(shape);
        }
    }
    if (shapes.empty()) throw std::runtime_error("there are no shapes in " OCTAVO_SOURCE_DIR "/tests/shapes");
    return shapes;
}

}  // namespace octavo::bench
