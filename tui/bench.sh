#!/usr/bin/env bash
# bench.sh FILE.md: runs the benchmarks of the screens and writes their table.
set -euo pipefail
out=$1
GO=${GO:-go}
raw=$("$GO" test -run '^$' -bench . -benchtime 1x -timeout 10m ./tui)
echo "$raw"

# value BENCHMARK UNIT: the figure that stands before its unit.
value() {
  echo "$raw" | awk -v name="Benchmark$1" -v unit="$2" 'index($1, name) == 1 { for (i = 2; i <= NF; i++) if ($i == unit) print $(i - 1) }'
}

# What was written by hand below the figures stays.
kept=$(sed -n '/^## /,$p' "$out" 2>/dev/null || true)

cat > "$out" <<END
# What the screens cost

Measured by \`make bench-tui\` on $(date -u +%Y-%m-%d): $("$GO" version | cut -d' ' -f3), $(uname -sr), $(nproc) processors ($(awk -F': ' '/model name/ { print $2; exit }' /proc/cpuinfo | xargs)), load average at the end $(cut -d' ' -f1 /proc/loadavg).

A screen of 200x60 shows the first variant of a recorded run of log-contention (load, a hang of every worker, deaths, recovery) again and again, ten reports a second, for 15 s.
More workers than were recorded are copies of these. A loaded machine makes the times longer; the bytes do not depend on it.

| | 16 workers | 64 workers |
| --- | --: | --: |
| share of a core, all of it: making frames, comparing, writing | $(value Screen/16 %core) % | $(value Screen/64 %core) % |
| bytes to the terminal | $(value Screen/16 B/s) B/s | $(value Screen/64 B/s) B/s |
| frames | $(value Screen/16 frames/s)/s | $(value Screen/64 frames/s)/s |
| one frame, median | $(value Frame/16 µs-p50) µs | $(value Frame/64 µs-p50) µs |
| one frame, p99 | $(value Frame/16 µs-p99) µs | $(value Frame/64 µs-p99) µs |

The aim is under 3 % of a core at 16 workers.

Memory of the folds and the screen, from an hour of records of 16 workers at 1,000 requests a second, made as fast as can be: $(value Hour MiB-10min) MiB after 10 minutes, $(value Hour MiB-60min) MiB after 60.
END
if [ -n "$kept" ]; then printf '\n%s\n' "$kept" >> "$out"; fi
echo "written: $out"
