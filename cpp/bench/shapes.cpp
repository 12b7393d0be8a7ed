#include "bench/shapes.h"

#include <fstream>
#include <sstream>
#include <stdexcept>

namespace octavo::bench {

namespace {

bool parse(std::istringstream* line, Shape* shape) {
    std::istringstream& in = *line;
    switch (shape->family) {
        case Family::quantize:
            in >> shape->channels >> shape->height >> shape->width;
            break;
        case Family::conv:
            in >> shape->channels >> shape->height >> shape->width >> shape->outputs >> shape->kernel >>
                shape->stride >> shape->padding >> shape->groups;
            break;
        case Family::pool:
            in >> shape->channels >> shape->height >> shape->width >> shape->kernel >> shape->stride;
            shape->outputs = shape->channels;
            break;
        case Family::linear:
            in >> shape->batch >> shape->channels >> shape->outputs;
            break;
    }
    std::string rest;
    return static_cast<bool>(in) && !(in >> rest);
}

}  // namespace

int64_t Shape::macs() const {
    switch (family) {
        case Family::conv:
            return batch * outputs * out_height() * out_width() * (channels / groups) * kernel * kernel;
        case Family::linear:
            return batch * channels * outputs;
        default:
            return 0;
    }
}

std::vector<Shape> read_shapes(const std::string& origin) {
    const std::pair<Family, const char*> families[] = {
        {Family::quantize, "quantize"}, {Family::conv, "conv"}, {Family::pool, "pool"}, {Family::linear, "linear"}};
    std::vector<Shape> shapes;
    for (const auto& [family, word] : families) {
        const std::string path = std::string(OCTAVO_SOURCE_DIR) + "/tests/shapes/" + origin + "_" + word + ".txt";
        std::ifstream file(path);
        std::string text;
        for (int number = 1; std::getline(file, text); ++number) {
            std::istringstream line(text.substr(0, text.find('#')));
            Shape shape;
            shape.family = family;
            std::string name;
            if (!(line >> name)) continue;
            shape.name = origin + "/" + name;
            if (!parse(&line, &shape)) throw std::runtime_error(path + ":" + std::to_string(number) + ": " + text);
            shapes.push_back(shape);
        }
    }
    if (shapes.empty()) throw std::runtime_error("no shapes of \"" + origin + "\" in tests/shapes");
    return shapes;
}

}  // namespace octavo::bench
