// The head of the texts of our pointwise kernels: numbers in bfloat16, eight of which are read at once, and what a warp and the
// kernels of a queue do together. The other texts are compiled behind it.

typedef unsigned int u32;
typedef unsigned short bf16;
struct alignas(16) Pack { u32 word[4]; };  // 8 bfloat16

#define LANES 32

__device__ __forceinline__ float low(u32 word) { return __uint_as_float(word << 16); }
__device__ __forceinline__ float high(u32 word) { return __uint_as_float(word & 0xffff0000u); }

__device__ __forceinline__ u32 packed(float low, float high) {
  u32 word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

// Written out: with low and high the compiler makes other code of larger kernels.
__device__ __forceinline__ void unpack(const Pack& pack, float* x) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    x[2 * i] = __uint_as_float(pack.word[i] << 16);
    x[2 * i + 1] = __uint_as_float(pack.word[i] & 0xffff0000u);
  }
}

__device__ __forceinline__ Pack pack(const float* x) {
  Pack result;
#pragma unroll
  for (int i = 0; i < 4; i++) result.word[i] = packed(x[2 * i], x[2 * i + 1]);
  return result;
}

__device__ __forceinline__ Pack load(const bf16* from) { return *(const Pack*)from; }
__device__ __forceinline__ void store(bf16* to, const Pack& value) { *(Pack*)to = value; }

__device__ __forceinline__ float sumOfWarp(float x) {
#pragma unroll
  for (int offset = LANES / 2; offset; offset >>= 1) x += __shfl_xor_sync(~0u, x, offset);
  return x;
}

// Kernels of Hopper may be launched before the one in front of them has ended: they wait until all earlier kernels have ended and
// their results are visible, and let the next one begin with what does not depend on them. Elsewhere, and where they are launched
// behind it, this does nothing.
__device__ __forceinline__ void awaitEarlier() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
#endif
}
__device__ __forceinline__ void letNextBegin() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.launch_dependents;" ::: "memory");
#endif
}

