#!/usr/bin/env bash
# go test with these arguments. Tests share two CPUs with builds, servers and a whole Kubernetes, so a few that fail are run
# once more, by themselves: one that fails again fails the suite; one that passes is named at the end, since it hides a
# race, of the test or of the product. More than three at once are no accident.
set -euo pipefail
cd "$(dirname "$0")/.."
log=$(mktemp)
trap 'rm -f "$log"' EXIT
go test "$@" 2>&1 | tee "$log" && exit 0
mapfile -t failed < <(sed -n 's/^--- FAIL: \([A-Za-z0-9_]*\) .*/\1/p' "$log" | sort -u)
# A package counts as having failed by these tests alone if it names them and came to its end (the line "FAIL" by itself):
# one that did not compile, panicked, ran out of time or was killed has told nothing of its other tests.
if ((${#failed[@]} == 0 || ${#failed[@]} > 3)) ||
	! awk -F'\t' '/^--- FAIL: / {named = 1} $0 == "FAIL" {ended = 1} /^FAIL\t/ {if (!named || !ended) bad = 1}
		/^(ok|FAIL|\?) *\t/ {named = ended = 0} END {exit bad}' "$log"; then
	exit 1
fi
echo "once more, by themselves: ${failed[*]}"
go test "$@" -run "^($(IFS='|' && echo "${failed[*]}"))\$"
echo "FLAKY, failed and then passed: ${failed[*]}"
