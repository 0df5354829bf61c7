# Cross-compiles for 64-bit ARM with Debian's and Ubuntu's g++-aarch64-linux-gnu; what is built needs no libraries there.
#   cmake -S src -B build/aarch64 -DCMAKE_TOOLCHAIN_FILE=$PWD/cmake/aarch64.cmake -DAVATAR_FRAME_TOOL=ON
#   cmake --build build/aarch64 && qemu-aarch64 build/aarch64/frame_tool SCENE FRAMES
set(CMAKE_SYSTEM_NAME Linux)
set(CMAKE_SYSTEM_PROCESSOR aarch64)
set(CMAKE_CXX_COMPILER aarch64-linux-gnu-g++)
set(CMAKE_EXE_LINKER_FLAGS_INIT -static)
