// The kernels of the DDiT kind's forward pass: everything between its matrix products. NVRTC compiles them behind
// numbers.cu when a network is loaded, with these constants:
//   D  width of the residual stream, a multiple of 64, at most 2048
//   W  width of a head, 64 or 128
// Arrays are bfloat16, sums are float32. A row is a position of an example; the rows of an example follow each other.
//
// A kernel may be launched before the one in front of it has ended. It then reads only weights before it waits for that one,
// and what kernels further in front have written: the one in front has waited for those before it let this one begin.

#define WARPS 4                   // warps of a block in the kernels over rows, one for each row
#define CHUNKS ((D + 255) / 256)  // packs of a row in each lane
#define THREADS 256               // of a block in the other kernels

// ---- condition ----

// Products of few examples, which take as long as their weights are under way: 8 lanes add up a row of w, and hold its first
// packs before the kernel in front has ended.
#define SHARE 8                             // lanes of a row of w
#define ROWS_OF_BLOCK (THREADS / SHARE)
#define HELD 4                              // packs of a row of w in each lane

__device__ __forceinline__ float dot(const Pack& w, const float* x) {
  float of[8], sum = 0.f;
  unpack(w, of);
  float4 first = *(const float4*)x, second = *(const float4*)(x + 4);
  sum += of[0] * first.x + of[1] * first.y + of[2] * first.z + of[3] * first.w;
  return sum + of[4] * second.x + of[5] * second.y + of[6] * second.z + of[7] * second.w;
}

// Calls put(example, row, sum) with the products of x [examples, in] float32 and w [rows, in], and b [rows] added.
template <typename Put>
__device__ __forceinline__ void products(const float* x, const bf16* __restrict__ w, const bf16* __restrict__ b, int in,
                                         int rows, int examples, Put put) {
  int row = blockIdx.x * ROWS_OF_BLOCK + threadIdx.x / SHARE, lane = threadIdx.x % SHARE, packs = in / 8;
  bool isInside = row < rows;
  const bf16* weights = w + (long)(isInside ? row : 0) * in;
  float bias = __uint_as_float((u32)b[isInside ? row : 0] << 16);
  Pack held[HELD];
#pragma unroll
  for (int i = 0; i < HELD; i++)
    if (lane + SHARE * i < packs) held[i] = load(weights + (lane + SHARE * i) * 8);
  awaitEarlier();
  letNextBegin();
#pragma unroll 1
  for (int example = 0; example < examples; example++) {
    const float* of = x + (long)example * in;
    float sum = 0.f;
#pragma unroll
    for (int i = 0; i < HELD; i++)
      if (lane + SHARE * i < packs) sum += dot(held[i], of + (lane + SHARE * i) * 8);
#pragma unroll 1
    for (int p = lane + SHARE * HELD; p < packs; p += SHARE) sum += dot(load(weights + p * 8), of + p * 8);
#pragma unroll
    for (int offset = SHARE / 2; offset; offset >>= 1) sum += __shfl_xor_sync(~0u, sum, offset);
    if (isInside && lane == 0) put(example, row, sum + bias);
  }
}

// y [examples, out] = silu(x w' + b), x and y float32.
extern "C" __global__ void __launch_bounds__(THREADS)
    dense(const float* x, const bf16* __restrict__ w, const bf16* __restrict__ b, float* y, int in, int out, int examples) {
  products(x, w, b, in, out, examples,
           [&](int example, int row, float sum) { y[(long)example * out + row] = sum / (1.f + __expf(-sum)); });
}

// y [blocks, examples, out] = x w' + b, w [blocks, out, in], b [blocks, out]; rows: blocks times out.
extern "C" __global__ void __launch_bounds__(THREADS)
    modulations(const float* x, const bf16* __restrict__ w, const bf16* __restrict__ b, bf16* y, int in, int out, int rows,
                int examples) {
  products(x, w, b, in, rows, examples, [&](int example, int row, float sum) {
    y[((long)(row / out) * examples + example) * out + row % out] = (bf16)packed(sum, 0.f);
  });
}

// ---- rows ----

// Asks for a vector [D] of weights, so that it is near when it is read.
__device__ __forceinline__ void prefetch(const bf16* weights, int lane) {
  if (!weights) return;
  for (int j = lane * 64; j < D; j += LANES * 64) asm volatile("prefetch.global.L2 [%0];" ::"l"(weights + j));
}

// A vector of an example's modulation [examples, vectors, D].
__device__ __forceinline__ const bf16* vectorOf(const bf16* modulation, int vectors, int example, int index) {
  return modulation + ((long)example * vectors + index) * D;
}

struct Moments { float mean, inverse; };

// LayerNorm's statistics of a row, in two passes over registers.
__device__ __forceinline__ Moments momentsOf(float (*x)[8], int lane, float epsilon) {
  float sum = 0.f, squares = 0.f;
#pragma unroll
  for (int c = 0; c < CHUNKS; c++)
    if ((c * LANES + lane) * 8 < D)
#pragma unroll
      for (int k = 0; k < 8; k++) sum += x[c][k];
  float mean = sumOfWarp(sum) * (1.f / D);
#pragma unroll
  for (int c = 0; c < CHUNKS; c++)
    if ((c * LANES + lane) * 8 < D)
#pragma unroll
      for (int k = 0; k < 8; k++) {
        float deviation = x[c][k] - mean;
        squares += deviation * deviation;
      }
  return {mean, rsqrtf(sumOfWarp(squares) * (1.f / D) + epsilon)};
}

// The end of a branch and the beginning of the next: next <- h + gate * (y + yBias), and
// input <- (LN(next) weight + bias) (1 + scale) + shift. Without y, which the kernel in front of this one writes, LN reads h.
//   h       [rows, D]; y [rows, D], yBias [D], or null
//   gates   [examples, gateVectors, D], the gate is vector `gate`; null without a condition
//   weight  [D], bias [D] or null
//   shifts  [examples, shiftVectors, D], the shift is vector `shift`, the scale the one after it; null without a condition
//   next    [rows, D], null without y; input [rows, D], or null where no norm follows
//   length  rows of an example
extern "C" __global__ void __launch_bounds__(WARPS * LANES)
    joined(const bf16* h, const bf16* y, const bf16* __restrict__ yBias, const bf16* gates, int gateVectors, int gate,
           const bf16* __restrict__ weight, const bf16* __restrict__ bias, const bf16* shifts, int shiftVectors, int shift,
           bf16* next, bf16* input, int rows, int length, float epsilon) {
  int lane = threadIdx.x, row = blockIdx.x * WARPS + threadIdx.y;
  if (threadIdx.y == 0) {
    prefetch(yBias, lane);
    prefetch(weight, lane);
    prefetch(bias, lane);
  }
  if (!y) awaitEarlier();
  bool isInside = row < rows;
  long start = isInside ? (long)row * D : 0;
  float x[CHUNKS][8];
#pragma unroll
  for (int c = 0; c < CHUNKS; c++) {
    int j = (c * LANES + lane) * 8;
    if (j < D) unpack(load(h + start + j), x[c]);
  }
  if (y) awaitEarlier();
  letNextBegin();
  if (!isInside) return;
  int example = row / length;
  if (y) {
    const bf16* factors = gates ? vectorOf(gates, gateVectors, example, gate) : nullptr;
#pragma unroll
    for (int c = 0; c < CHUNKS; c++) {
      int j = (c * LANES + lane) * 8;
      if (j < D) {
        float branch[8], of[8];
        unpack(load(y + start + j), branch);
        if (yBias) {
          unpack(load(yBias + j), of);
#pragma unroll
          for (int k = 0; k < 8; k++) branch[k] += of[k];
        }
        if (factors) {
          unpack(load(factors + j), of);
#pragma unroll
          for (int k = 0; k < 8; k++) branch[k] *= of[k];
        }
#pragma unroll
        for (int k = 0; k < 8; k++) x[c][k] += branch[k];
        Pack rounded = pack(x[c]);
        store(next + start + j, rounded);
        unpack(rounded, x[c]);
      }
    }
  }
  if (!input) return;
  Moments m = momentsOf(x, lane, epsilon);
  const bf16* offsets = shifts ? vectorOf(shifts, shiftVectors, example, shift) : nullptr;
#pragma unroll
  for (int c = 0; c < CHUNKS; c++) {
    int j = (c * LANES + lane) * 8;
    if (j < D) {
      float of[8];
      unpack(load(weight + j), of);
#pragma unroll
      for (int k = 0; k < 8; k++) x[c][k] = (x[c][k] - m.mean) * m.inverse * of[k];
      if (bias) {
        unpack(load(bias + j), of);
#pragma unroll
        for (int k = 0; k < 8; k++) x[c][k] += of[k];
      }
      if (offsets) {
        unpack(load(offsets + D + j), of);
#pragma unroll
        for (int k = 0; k < 8; k++) x[c][k] *= 1.f + of[k];
        unpack(load(offsets + j), of);
#pragma unroll
        for (int k = 0; k < 8; k++) x[c][k] += of[k];
      }
      store(input + start + j, pack(x[c]));
    }
  }
}

// ---- attention ----

#define HALF (W / 2)
#define PACKS_OF_HALF (HALF / 8)
#define ITEMS_OF_ROW (2 * D / 16)

__device__ __forceinline__ void loadFloats(const float* from, float* to) {
  *(float4*)to = *(const float4*)from;
  *(float4*)(to + 4) = *(const float4*)(from + 4);
}

// Rotates queries and keys of qkv [rows, 3 D] in place, the first half of a head's channels with the second. cosines and sines
// [positions, W] float32, of which the first halves are read: the sine is negated there, and is the other's opposite. Row r
// stands at position r % positions. A thread turns 8 channels and their partners.
extern "C" __global__ void __launch_bounds__(THREADS)
    rotate(bf16* qkv, const float* __restrict__ cosines, const float* __restrict__ sines, int positions, int rows) {
  long item = blockIdx.x * (long)THREADS + threadIdx.x;
  bool isInside = item < (long)rows * ITEMS_OF_ROW;
  long row = isInside ? item / ITEMS_OF_ROW : 0;
  int of = isInside ? (int)(item % ITEMS_OF_ROW) : 0, head = of / PACKS_OF_HALF, channel = of % PACKS_OF_HALF * 8;
  alignas(16) float cosine[8], sine[8];
  long angle = row % positions * W + channel;
  loadFloats(cosines + angle, cosine);
  loadFloats(sines + angle, sine);
  awaitEarlier();
  letNextBegin();
  if (!isInside) return;
  bf16* first = qkv + row * (3 * D) + head * W + channel;
  float a[8], b[8], turned[8];
  unpack(load(first), a);
  unpack(load(first + HALF), b);
#pragma unroll
  for (int k = 0; k < 8; k++) turned[k] = a[k] * cosine[k] + b[k] * sine[k];
  store(first, pack(turned));
#pragma unroll
  for (int k = 0; k < 8; k++) turned[k] = b[k] * cosine[k] - a[k] * sine[k];
  store(first + HALF, pack(turned));
}

// ---- feed-forward ----

// GELU in its approximation by tanh: x times the logistic function of 2 sqrt(2 / pi) (x + 0.044715 x^3).
__device__ __forceinline__ float gelu(float x) {
  float inner = x * (1.f + 0.044715f * x * x) * 1.5957691216057308f;
  return __fdividef(x, 1.f + __expf(-inner));
}

// x = GELU(x + bias) in place; x of `packs` packs, in rows of `packsOfRow`, as long as the bias.
extern "C" __global__ void __launch_bounds__(THREADS)
    biasGelu(bf16* x, const bf16* __restrict__ bias, int packsOfRow, long packs) {
  long p = blockIdx.x * (long)THREADS + threadIdx.x;
  float of[8], value[8];
  unpack(load(bias + p % packsOfRow * 8), of);
  awaitEarlier();
  letNextBegin();
  if (p >= packs) return;
  unpack(load(x + p * 8), value);
#pragma unroll
  for (int k = 0; k < 8; k++) value[k] = gelu(value[k] + of[k]);
  store(x + p * 8, pack(value));
}

// ---- chosen rows ----

// to [chosen, packs] of from [., packs]: row rows[r] / length, in packs.
extern "C" __global__ void __launch_bounds__(THREADS)
    ofRows(const bf16* from, const long long* rows, bf16* to, int packs, int length, long items) {
  awaitEarlier();
  letNextBegin();
  long item = blockIdx.x * (long)THREADS + threadIdx.x;
  if (item >= items) return;
  long row = rows[item / packs] / length;
  store(to + item * 8, load(from + (row * packs + item % packs) * 8));
}

// ---- logits ----

#define COLUMNS 8  // of a thread, THREADS apart

// logits [rows, columns] = y + b in float32, y [rows, stride], b [columns]; a block writes a stretch of THREADS * COLUMNS columns
// of a row. The rows of logits are aligned to nothing, so each warp reads and writes numbers next to each other.
extern "C" __global__ void __launch_bounds__(THREADS)
    logits(const bf16* y, const bf16* __restrict__ b, float* logits, int columns, int stride, int stretches) {
  int row = blockIdx.x / stretches, first = blockIdx.x % stretches * (THREADS * COLUMNS) + threadIdx.x;
  float sum[COLUMNS];
#pragma unroll
  for (int i = 0; i < COLUMNS; i++) {
    int column = first + i * THREADS;
    sum[i] = column < columns ? __uint_as_float((u32)b[column] << 16) : 0.f;
  }
  awaitEarlier();
  letNextBegin();
  const bf16* from = y + (long)row * stride;
  float* to = logits + (long)row * columns;
#pragma unroll
  for (int i = 0; i < COLUMNS; i++) {
    int column = first + i * THREADS;
    if (column < columns) sum[i] += __uint_as_float((u32)from[column] << 16);
  }
#pragma unroll
  for (int i = 0; i < COLUMNS; i++) {
    int column = first + i * THREADS;
    if (column < columns) to[column] = sum[i];
  }
}
