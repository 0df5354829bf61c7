#!/usr/bin/env bash
# Builds src/ as WebAssembly for the browser: ./tools/build_web.sh [OUT] (avatar_ros/gateway/page/raster.wasm unless
# told otherwise). Needs emscripten (apt install emscripten; tried: 3.1.6).
set -euo pipefail
cd "$(dirname "$0")/.."
out=${1:-avatar_ros/gateway/page/raster.wasm}
command -v em++ >/dev/null || { echo "em++ is missing: apt install emscripten" >&2; exit 2; }
export NODE_PATH=${NODE_PATH:-/usr/share/nodejs} # Debian's emscripten looks for its JavaScript libraries there
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
flags=(-std=c++17 -O3 -msimd128 -fno-math-errno -fno-trapping-math -ffp-contract=fast -fno-exceptions -fno-rtti
  -DNDEBUG -Isrc)
em++ "${flags[@]}" -DAVATAR_SIMD_WIDTH=8 '-DAVATAR_ISA="wasm"' -DAVATAR_KERNELS=kKernels_wasm \
  -c src/kernels.cpp -o "$work/kernels.o"
em++ "${flags[@]}" src/web/shim.cpp src/rasteriser.cpp src/scene.cpp src/pool.cpp src/picture.cpp src/tiles.cpp "$work/kernels.o" \
  -o "$work/raster.wasm" -sSTANDALONE_WASM --no-entry -sALLOW_MEMORY_GROWTH=1 -sINITIAL_MEMORY=33554432 \
  -sEXPORTED_FUNCTIONS=_malloc,_free
install -m 644 "$work/raster.wasm" "$out"
echo "$out: $(stat -c %s "$out") bytes"
