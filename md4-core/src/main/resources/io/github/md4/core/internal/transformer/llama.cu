// The pointwise kernels of the Llama kind's forward pass: everything between its matrix products. NVRTC compiles them
// behind numbers.cu when a network is loaded, with these constants:
//   W      width of a head, 64 or 128
//   NORMS  1 if each head of queries and keys is normalised
// Arrays are bfloat16 and are rounded where llama.torchscript rounds; sums are float32. Widths are multiples of 8.

#define LANES_OF_HEAD (W / 8)

__device__ __forceinline__ float rounded(float x) { return high(packed(0.f, x)); }

__device__ __forceinline__ float squares(const float* x) {
  float sum = 0.f;
#pragma unroll
  for (int k = 0; k < 8; k++) sum += x[k] * x[k];
  return sum;
}

// x / root * scale, rounded twice, as an RMSNorm whose weight has the type of the products.
__device__ __forceinline__ void normalise(float* x, float inverse, const Pack& scale) {
  float factor[8];
  unpack(scale, factor);
#pragma unroll
  for (int k = 0; k < 8; k++) x[k] = rounded(x[k] * inverse) * factor[k];
}

// y = RMSNorm(h) scale, one row [width] for each block of 256 threads.
extern "C" __global__ void __launch_bounds__(256) rmsNorm(const bf16* __restrict__ h, const bf16* __restrict__ scale,
                                                          bf16* __restrict__ y, int width, float epsilon) {
  __shared__ float ofWarp[8];
  const Pack* from = (const Pack*)(h + (long)blockIdx.x * width);
  Pack* to = (Pack*)(y + (long)blockIdx.x * width);
  float x[8], sum = 0.f;
  for (int p = threadIdx.x; p < width / 8; p += 256) {
    unpack(from[p], x);
    sum += squares(x);
  }
  sum = sumOfWarp(sum);
  if (threadIdx.x % LANES == 0) ofWarp[threadIdx.x / LANES] = sum;
  __syncthreads();
  sum = 0.f;
#pragma unroll
  for (int warp = 0; warp < 8; warp++) sum += ofWarp[warp];
  float inverse = rsqrtf(sum / width + epsilon);
  for (int p = threadIdx.x; p < width / 8; p += 256) {
    unpack(from[p], x);
    normalise(x, inverse, ((const Pack*)scale)[p]);
    to[p] = pack(x);
  }
}

// qkv [rows, (heads + 2 keyHeads) W] of q [rows, heads W], k and v [rows, keyHeads W]: queries and keys normalised by head,
// if they are, and rotated by halves. cosines and sines [positions, W] float32, the sine negated in the first half; row r
// stands at position r % positions. A thread takes 8 numbers of a row, and its neighbour W / 2 numbers on their partners.
extern "C" __global__ void __launch_bounds__(256) rotated(const bf16* __restrict__ q, const bf16* __restrict__ k,
                                                          const bf16* __restrict__ v, const float* __restrict__ cosines,
                                                          const float* __restrict__ sines,
                                                          const bf16* __restrict__ queryScale,
                                                          const bf16* __restrict__ keyScale, bf16* __restrict__ qkv,
                                                          int heads, int keyHeads, int positions, int rows,
                                                          float epsilon) {
  int packs = (heads + 2 * keyHeads) * LANES_OF_HEAD;
  long item = blockIdx.x * 256L + threadIdx.x;
  bool isInside = item < (long)rows * packs;
  long row = isInside ? item / packs : 0;
  int column = isInside ? item % packs : 0, head = column / LANES_OF_HEAD, lane = column % LANES_OF_HEAD;
  bool isQuery = head < heads, isValue = head >= heads + keyHeads;
  long place = isQuery    ? (row * heads + head) * LANES_OF_HEAD
               : isValue ? (row * keyHeads + head - heads - keyHeads) * LANES_OF_HEAD
                         : (row * keyHeads + head - heads) * LANES_OF_HEAD;
  Pack value = ((const Pack*)(isQuery ? q : isValue ? v : k))[place + lane];
  float x[8], partner[8];
  unpack(value, x);
#if NORMS
  float sum = squares(x);
#pragma unroll
  for (int offset = LANES_OF_HEAD / 2; offset; offset >>= 1) sum += __shfl_xor_sync(~0u, sum, offset);
  normalise(x, rsqrtf(sum / W + epsilon), ((const Pack*)(isQuery ? queryScale : keyScale))[lane]);
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] = rounded(x[i]);
#endif
#pragma unroll
  for (int i = 0; i < 8; i++) partner[i] = __shfl_xor_sync(~0u, x[i], LANES_OF_HEAD / 2);
  if (!isInside) return;
  if (!isValue) {
    long angle = row % positions * W + lane * 8;
#pragma unroll
    for (int i = 0; i < 8; i++) x[i] = x[i] * cosines[angle + i] + partner[i] * sines[angle + i];
    value = pack(x);
  }
  ((Pack*)qkv)[item] = value;
}

// gate = silu(gate) * up, both of `packs` packs.
extern "C" __global__ void __launch_bounds__(256) gated(bf16* __restrict__ gate, const bf16* __restrict__ up, long packs) {
  long p = blockIdx.x * 256L + threadIdx.x;
  if (p >= packs) return;
  float x[8], y[8];
  unpack(((Pack*)gate)[p], x);
  unpack(((const Pack*)up)[p], y);
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] = rounded(x[i] / (1.f + __expf(-x[i]))) * y[i];
  ((Pack*)gate)[p] = pack(x);
}
