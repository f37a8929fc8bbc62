#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
#
# Builds the fuzz targets for OSS-Fuzz and ClusterFuzzLite, which set SRC, OUT, WORK and SANITIZER.
#
# The flags of precompile_swift are not used: with them, the driver looks for a main function in each target.
set -euo pipefail
: "${SRC:?}" "${OUT:?}" "${WORK:?}"
cd "$SRC/bpf-patch-fuzz"

# It also copies llvm-symbolizer to OUT.
if command -v precompile_swift >/dev/null; then . precompile_swift; fi

flags=(--package-path Tests/FuzzTargets --scratch-path "$WORK/build" -c release --sanitize=fuzzer
    --static-swift-stdlib -Xswiftc -static-stdlib)
case ${SANITIZER:-address} in
# With --sanitize=address alone, Swift code would be left out.
address) flags+=(--sanitize=address -Xswiftc -sanitize=fuzzer,address) ;;
thread) flags+=(--sanitize=thread -Xswiftc -sanitize=fuzzer,thread) ;;
coverage) flags+=(-Xswiftc -profile-generate -Xswiftc -profile-coverage-mapping) ;;
none) ;;
*)
    echo "build.sh: there is no recipe for the sanitizer '$SANITIZER'" >&2
    exit 1
    ;;
esac

seeds=$WORK/seeds
for target in FuzzCases FuzzCaseFiles FuzzJSONLines; do
    swift build "${flags[@]}" --product "$target"
    cp "$WORK/build/release/$target" "$OUT/"
    rm -rf "$seeds" && mkdir -p "$seeds"
    case $target in
    FuzzCaseFiles) cp Seeds/*.case "$seeds/" ;;
    # A short string of choices is a small case; the engine grows it.
    FuzzCases) head -c 64 /dev/zero >"$seeds/small" ;;
    FuzzJSONLines) printf '{"name":"exit","insns":["9500000000000000"],"passes":[[]]}' >"$seeds/exit" ;;
    esac
    (cd "$seeds" && zip -q -r "$OUT/${target}_seed_corpus.zip" .)
    printf '[libfuzzer]\nmax_len = 4096\n' >"$OUT/$target.options"
done
