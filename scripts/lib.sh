# What the scripts share: sourced, never run. Needs bash.

set -euo pipefail
root="$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)"
build="$root/build"
mvn=(mvn --batch-mode --no-transfer-progress --file "$root/pom.xml")
# ccache, where there is one, makes a second build of the same sources quick.
if [[ -d /usr/lib/ccache ]]; then PATH="/usr/lib/ccache:$PATH"; fi
jobs="$(nproc)"

say() { printf '%s\n' "$*" >&2; }

die() {
    say "$*"
    exit 1
}

java_version() { java -XshowSettings:properties -version 2>&1 | sed -n 's/^ *java.specification.version = \([0-9]*\).*/\1/p'; }

has_jdk17() { command -v javac >/dev/null && command -v java >/dev/null && [[ "$(java_version)" -ge 17 ]]; }

# Maven takes the JDK that the scripts take: that of JAVA_HOME, or else the one on the PATH.
one_jdk() {
    if [[ -z "${JAVA_HOME:-}" ]]; then
        JAVA_HOME="$(dirname "$(dirname "$(readlink -f "$(command -v javac)")")")"
        export JAVA_HOME
    fi
}

has_header() { echo "#include <$1>" | g++ -E -x c++ - >/dev/null 2>&1; }

# install_packages NAME...: as root installs Debian packages; otherwise prints the line to run, and fails.
install_packages() {
    if [[ "$(id -u)" == 0 ]] && command -v apt-get >/dev/null; then
        say "Installing $*"
        apt-get update -qq >&2
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "$@" </dev/null >&2
    else
        say "Missing packages. Please run:  sudo apt-get install -y $*"
        return 1
    fi
}

# need WHAT...: makes sure of the tools for `java` (JDK 17 and Maven), `native` (CMake, g++), `tests` (GoogleTest, Google
# Benchmark, a JSON library, Ninja, ONNX's test data), `format` (clang-format).
need() {
    local packages=() what
    if [[ -n "${JAVA_HOME:-}" ]]; then PATH="$JAVA_HOME/bin:$PATH"; fi
    for what in "$@"; do
        case "$what" in
            java)
                has_jdk17 || packages+=(default-jdk-headless)
                command -v mvn >/dev/null || packages+=(maven)
                ;;
            native)
                command -v cmake >/dev/null || packages+=(cmake)
                command -v g++ >/dev/null || packages+=(g++)
                command -v make >/dev/null || command -v ninja >/dev/null || packages+=(make)
                ;;
            tests)
                command -v ninja >/dev/null || packages+=(ninja-build)
                has_header gtest/gtest.h || packages+=(libgtest-dev)
                has_header benchmark/benchmark.h || packages+=(libbenchmark-dev)
                has_header nlohmann/json.hpp || packages+=(nlohmann-json3-dev)
                [[ -d /usr/share/libonnx-testdata ]] || packages+=(libonnx-testdata)
                ;;
            format) command -v clang-format >/dev/null || packages+=(clang-format) ;;
            *) die "need: unknown $what" ;;
        esac
    done
    if [[ ${#packages[@]} -gt 0 ]]; then
        install_packages "${packages[@]}" || exit 1
    fi
    if [[ " $* " == *" java "* ]]; then
        has_jdk17 || die "Octavo needs a JDK 17 or newer, named by JAVA_HOME or first on the PATH; found: $(command -v java || echo none)"
        one_jdk
    fi
}

# workplace: names the large data of the workplace, where there is any and the caller names none; tests that want it skip,
# visibly, where there is none.
workplace() {
    local pair name folder
    for pair in OCTAVO_DATA=data OCTAVO_GOLDEN=golden/pytorch OCTAVO_CONFORMANCE=conformance OCTAVO_MODELS=models; do
        name="${pair%%=*}" folder="$root/../shared/${pair#*=}"
        if [[ -z "${!name:-}" && -d "$folder" ]]; then export "$name=$(cd "$folder" && pwd)"; fi
    done
}

# build_cli: builds the command line's jar, $cli_jar, where it is not there or a source is newer than the last build; Maven and CMake
# then find out what is to be done.
cli_jar="$root/java/cli/target/octavo-cli.jar"
build_cli() {
    local stamp="$build/cli.stamp" log="$build/cli-build.log"
    if [[ -f "$stamp" && -f "$cli_jar" && -z "$(newer_sources "$stamp")" ]]; then return; fi
    mkdir -p "$build"
    touch "$stamp.new"
    say "Building Octavo: a minute or two the first time (log: build/cli-build.log)"
    "${mvn[@]}" -pl java/cli -am -Dmaven.test.skip=true -Doctavo.build.jobs="$jobs" package >"$log" 2>&1 || {
        tail -n 40 "$log" >&2
        die "The build failed; the whole log is $log"
    }
    # The build makes folders among the sources: only what was written meanwhile is a reason for another one.
    if [[ -z "$(newer_sources "$stamp.new" -type f)" ]]; then touch "$stamp.new"; fi
    mv "$stamp.new" "$stamp"
}

# newer_sources STAMP [TEST...]: a source, or a folder of sources, that is newer.
newer_sources() {
    find "$root/pom.xml" "$root/CMakeLists.txt" "$root/cpp" "$root/presets" "$root/java" -name target -prune -o -newer "$1" "${@:2}" -print -quit
}

# build_java: builds the Java modules and their tests, and runs none.
build_java() { "${mvn[@]}" -q -Doctavo.build.jobs="$jobs" -DskipTests package >&2; }

# java_tests [OPTION...] CLASS [ARGUMENT...]: a JVM with everything that build_java built. The class path goes by the environment:
# ONNX Runtime does not stand long command lines.
java_tests() {
    local tests="$root/tests/java/target" access=()
    [[ "$(java_version)" -lt 22 ]] || access=(--enable-native-access=ALL-UNNAMED)
    CLASSPATH="$tests/test-classes:$(cat "$tests/classpath")" java "${access[@]}" "-Dorg.bytedeco.javacpp.cachedir=$build/javacpp-cache" "$@"
}

# configure FOLDER OPTION...: CMake with Ninja in a new folder, with what it was made with in an old one.
configure() {
    local folder="$1"
    shift
    local generator=()
    if [[ ! -f "$folder/CMakeCache.txt" ]] && command -v ninja >/dev/null; then generator=(-G Ninja); fi
    cmake "${generator[@]}" -S "$root" -B "$folder" "$@"
}
