// JSON as far as the headers of golden files need it: a value tree of a trusted text.
#ifndef OCTAVO_TESTS_SUPPORT_JSON_H
#define OCTAVO_TESTS_SUPPORT_JSON_H

#include <cstdlib>
#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace octavo::test {

struct Json {
    enum class Kind { null, boolean, number, string, array, object };
    Kind kind = Kind::null;
    bool boolean = false;
    double number = 0;
    std::string string;
    std::vector<Json> array;
    std::map<std::string, Json> object;

    bool is_null() const { return kind == Kind::null; }
    const Json& operator[](const std::string& key) const {
        const auto found = object.find(key);
        if (found == object.end()) throw std::runtime_error("no \"" + key + "\" in a JSON object");
        return found->second;
    }
    bool has(const std::string& key) const { return object.count(key) != 0; }
    const Json& operator[](size_t i) const { return array.at(i); }
    float real() const { return static_cast<float>(number); }
    int integer() const { return static_cast<int>(number); }
};

class JsonParser {
public:
    static Json parse(const std::string& text) {
        JsonParser parser(text);
        return parser.value();
    }

private:
    explicit JsonParser(const std::string& text) : text_(text) {}

    [[noreturn]] void fail() const { throw std::runtime_error("malformed JSON at " + std::to_string(at_)); }
    char peek() {
        while (at_ < text_.size() && std::string(" \t\r\n").find(text_[at_]) != std::string::npos) at_++;
        if (at_ >= text_.size()) fail();
        return text_[at_];
    }
    void expect(char c) {
        if (peek() != c) fail();
        at_++;
    }
    bool accept(const std::string& word) {
        if (text_.compare(at_, word.size(), word) != 0) return false;
        at_ += word.size();
        return true;
    }
    std::string quoted() {
        expect('"');
        std::string result;
        for (; at_ < text_.size() && text_[at_] != '"'; at_++) {
            if (text_[at_] != '\\') {
                result += text_[at_];
                continue;
            }
            at_++;
            if (at_ >= text_.size()) fail();
            const char c = text_[at_];
            if (c == 'u') {
                result += static_cast<char>(std::strtol(text_.substr(at_ + 1, 4).c_str(), nullptr, 16));
                at_ += 4;
            } else {
                result += c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
        }
        expect('"');
        return result;
    }
    Json value() {
        Json json;
        const char c = peek();
        if (c == '{') {
            json.kind = Json::Kind::object;
            for (expect('{'); peek() != '}';) {
                std::string key = quoted();
                expect(':');
                json.object.emplace(std::move(key), value());
                if (peek() == ',') at_++;
            }
            expect('}');
        } else if (c == '[') {
            json.kind = Json::Kind::array;
            for (expect('['); peek() != ']';) {
                json.array.push_back(value());
                if (peek() == ',') at_++;
            }
            expect(']');
        } else if (c == '"') {
            json.kind = Json::Kind::string;
            json.string = quoted();
        } else if (accept("true")) {
            json.kind = Json::Kind::boolean;
            json.boolean = true;
        } else if (accept("false")) {
            json.kind = Json::Kind::boolean;
        } else if (!accept("null")) {
            json.kind = Json::Kind::number;
            char* end = nullptr;
            json.number = std::strtod(text_.c_str() + at_, &end);
            if (end == text_.c_str() + at_) fail();
            at_ = static_cast<size_t>(end - text_.c_str());
        }
        return json;
    }

    const std::string& text_;
    size_t at_ = 0;
};

}  // namespace octavo::test

#endif
