# Sums up the reports of ctest, GoogleTest and Surefire; sourced by `test`, which gives `reports` and `status`.

passed=0 failed=0 skipped=0

# attribute NAME: its number in the first line of standard input that has it.
attribute() { sed -n "/[ <]$1=\"/{s/.*[ <]$1=\"\([0-9]*\)\".*/\1/;p;q}"; }

# A GoogleTest executable counts with its cases (disabled ones are entries for child processes, no tests); one that crashed
# left no report, and counts as one failure.
while IFS='|' read -r name state; do
    if [[ -f "$reports/$name.xml" ]]; then
        head="$(grep -m 1 '<testsuites ' "$reports/$name.xml")"
        cases=$(($(attribute tests <<<"$head") - $(attribute disabled <<<"$head")))
        bad=$(($(attribute failures <<<"$head") + $(attribute errors <<<"$head")))
        idle="$(grep -c '<testcase .*result="skipped"' "$reports/$name.xml" || true)"
        if [[ "$state" == fail && "$bad" == 0 ]]; then
            say "failed: $name (not one of its cases, but the program)"
            bad=1
        fi
        if [[ "$idle" != 0 ]]; then
            sed -n "s/.*<testcase name=\"\([^\"]*\)\".*result=\"skipped\".*classname=\"\([^\"]*\)\".*/skipped: $name \2.\1/p" "$reports/$name.xml" >&2
        fi
        passed=$((passed + cases - bad - idle)) failed=$((failed + bad)) skipped=$((skipped + idle))
    else
        case "$state" in
            run) passed=$((passed + 1)) ;;
            fail) failed=$((failed + 1)) ;;
            *)
                say "skipped: $name"
                skipped=$((skipped + 1))
                ;;
        esac
    fi
done < <(sed -n 's/.*<testcase name="\([^"]*\)".* status="\([a-z]*\)".*/\1|\2/p' "$reports/ctest.xml")
native=$((passed + failed + skipped))

java_run=0
while read -r report; do
    head="$(grep -m 1 '<testsuite ' "$report")"
    cases="$(attribute tests <<<"$head")"
    bad=$(($(attribute failures <<<"$head") + $(attribute errors <<<"$head")))
    idle="$(attribute skipped <<<"$head")"
    if [[ "$idle" != 0 ]]; then
        reason="$(sed -n '/TestAbortedException: /{s/.*TestAbortedException: \(Assumption failed: \)*/: /;p;q}' "$report")"
        say "skipped: $idle in $(basename "$report" .xml | sed 's/^TEST-//')$reason"
    fi
    java_run=$((java_run + cases))
    passed=$((passed + cases - bad - idle)) failed=$((failed + bad)) skipped=$((skipped + idle))
done < <(find "$root/java" "$root/tests/java" -path '*/target/surefire-reports/TEST-*.xml' | sort)

# A run that found no test has failed, whatever the runners say.
if [[ "$native" == 0 || "$java_run" == 0 || "$failed" != 0 ]]; then status=1; fi
if [[ "$status" != 0 && "$failed" == 0 ]]; then say "A build or a runner failed: see above."; fi

# The runners' own last lines (ctest counts executables), then the sum of both.
echo
grep 'tests passed, .* tests failed out of' "$reports/ctest.log" || true
grep '^\[[A-Z]*\] Tests run:' "$reports/maven.log" | grep -v 'Time elapsed' || true
echo "$passed passed, $failed failed, $skipped skipped"
