// The pointwise kernels of a transformer's training: everything between its matrix products. Each kernel
// reads and writes every tensor once. NVRTC compiles them behind numbers.cu when a network is
// built, with these constants:
//   D      width of the residual stream, a multiple of 8
//   W      width of a head, a multiple of 8
//   GATE   the feed-forward's gate: 0 sigmoid, 1 swish, 2 GELU (tanh)
//   WIDE   1 if the residual stream and its gradient are float32, 0 if bfloat16
// Activations are bfloat16, sums are float32. A row is a position of an example. The rows of an example
// are contiguous: starts[b] is the first row of example b, and starts[examples] is the number of rows.

typedef unsigned char u8;

#define WARPS 4           // warps of a block in the kernels over rows
#define CHUNKS ((D + 255) / 256)  // packs of a row in each lane

// Eight consecutive numbers of the residual stream, in its own type.
#if WIDE
typedef float stream;
struct alignas(16) Octet { float x[8]; };
__device__ __forceinline__ Octet fetch(const stream* from) {
  Octet octet;
  *(float4*)octet.x = *(const float4*)from;
  *(float4*)(octet.x + 4) = *(const float4*)(from + 4);
  return octet;
}
__device__ __forceinline__ void put(stream* to, const Octet& octet) {
  *(float4*)to = *(const float4*)octet.x;
  *(float4*)(to + 4) = *(const float4*)(octet.x + 4);
}
__device__ __forceinline__ void open(const Octet& octet, float* x) {
#pragma unroll
  for (int i = 0; i < 8; i++) x[i] = octet.x[i];
}
__device__ __forceinline__ Octet closed(const float* x) {
  Octet octet;
#pragma unroll
  for (int i = 0; i < 8; i++) octet.x[i] = x[i];
  return octet;
}
#else
typedef bf16 stream;
typedef Pack Octet;
__device__ __forceinline__ Octet fetch(const stream* from) { return load(from); }
__device__ __forceinline__ void put(stream* to, const Octet& octet) { store(to, octet); }
__device__ __forceinline__ void open(const Octet& octet, float* x) { unpack(octet, x); }
__device__ __forceinline__ Octet closed(const float* x) { return pack(x); }
#endif

// ---- rows ----

// The example of a row: the last b with starts[b] <= row; at once where examples have the same number of rows.
__device__ __forceinline__ int exampleOf(const int* starts, int examples, int row) {
  int like = min(examples - 1, (int)((long)row * examples / max(1, starts[examples])));
  if (starts[like] <= row && row < starts[like + 1]) return like;
  int first = 0, last = examples - 1;
  while (first < last) {
    int middle = (first + last + 1) / 2;
    if (starts[middle] <= row) first = middle; else last = middle - 1;
  }
  return first;
}

// One vector of an example's modulation [examples, vectors, D], held in the registers of so many lanes.
template <int lanes>
struct Vector { Pack chunk[(D + 8 * lanes - 1) / (8 * lanes)]; };

template <int lanes>
__device__ __forceinline__ Vector<lanes> vectorOf(const bf16* modulation, int vectors, int example, int index, int lane) {
  Vector<lanes> vector;
#pragma unroll
  for (int c = 0; c < (D + 8 * lanes - 1) / (8 * lanes); c++) {
    int j = c * 8 * lanes + lane * 8;
    if (j < D) vector.chunk[c] = load(modulation + ((long)example * vectors + index) * D + j);
  }
  return vector;
}

struct Moments { float mean, rstd; };

// LayerNorm's statistics of a row, in two passes over registers.
__device__ __forceinline__ Moments momentsOf(float (*row)[8], int lane) {
  float sum = 0.f;
#pragma unroll
  for (int c = 0; c < CHUNKS; c++)
    if (c * 256 + lane * 8 < D)
#pragma unroll
      for (int k = 0; k < 8; k++) sum += row[c][k];
  float mean = sumOfWarp(sum) * (1.f / D), squares = 0.f;
#pragma unroll
  for (int c = 0; c < CHUNKS; c++)
    if (c * 256 + lane * 8 < D)
#pragma unroll
      for (int k = 0; k < 8; k++) {
        float deviation = row[c][k] - mean;
        squares += deviation * deviation;
      }
  return {mean, rsqrtf(sumOfWarp(squares) * (1.f / D) + 1e-5f)};
}

// Residual addition, LayerNorm and modulation: h <- h + gate * x, a <- LN(h) (1 + scale) + shift. Without
// x, h is only read.
//   h      [., D], the residual stream; row r is row from[r] of it, or row r where from is null
//   x      [rows, D], the output of the branch before, or null
//   gates  [examples, gateVectors, D]; the gate is vector gateIndex
//   mods   [examples, modVectors, D]; the shift is vector modIndex, the scale the one after it
//   next   [rows, D], the stream after the addition
//   a      [rows, D], the input of the next branch
//   moments [rows], mean and reciprocal deviation
// The vectors of an example are in shared memory, so that registers are left for many rows at a time.
#if WIDE
#define NORM_BOUNDS __launch_bounds__(WARPS * LANES, D > 1024 ? 4 : D > 768 ? 5 : 6)
#else
#define NORM_BOUNDS __launch_bounds__(WARPS * LANES, D > 1024 ? 4 : D > 768 ? 6 : 8)
#endif
extern "C" __global__ void NORM_BOUNDS residualNormModulate(
    const stream* __restrict__ h, const int* __restrict__ from, const bf16* __restrict__ x,
    const bf16* __restrict__ gates, int gateVectors, int gateIndex, const bf16* __restrict__ mods, int modVectors,
    int modIndex, stream* __restrict__ next, bf16* __restrict__ a, Moments* __restrict__ moments,
    const int* __restrict__ starts, int examples) {
  __shared__ Pack gateOfExample[D / 8], shift[D / 8], scale[D / 8];
  // Everything but x was there before the kernel in front began, which waited for those in front of it. Without x this is the
  // first norm, and what modulates it has only just been computed.
  if (!x) awaitEarlier();
  int rows = starts[examples], lane = threadIdx.x;
  long blocks = gridDim.x;
  int first = (int)(rows * (long)blockIdx.x / blocks), end = (int)(rows * (blockIdx.x + 1L) / blocks);
  bool isEarly = x != nullptr;
  for (int example = exampleOf(starts, examples, first); first < end; example++) {
    int border = min(end, starts[example + 1]);
    if (border <= first) continue;
    __syncthreads();
    for (int j = threadIdx.y * LANES + lane; j < D / 8; j += WARPS * LANES) {
      const bf16* of = mods + ((long)example * modVectors + modIndex) * D + 8 * j;
      shift[j] = load(of);
      scale[j] = load(of + D);
      if (x) gateOfExample[j] = load(gates + ((long)example * gateVectors + gateIndex) * D + 8 * j);
    }
    __syncthreads();
    if (isEarly) awaitEarlier();
    isEarly = false;
    letNextBegin();
    for (int row = first + threadIdx.y; row < border; row += WARPS) {
      float r[CHUNKS][8];
      long source = (long)(from ? from[row] : row) * D, target = (long)row * D;
#pragma unroll
      for (int c = 0; c < CHUNKS; c++) {
        int j = c * LANES + lane;
        if (8 * j < D) {
          open(fetch(h + source + 8 * j), r[c]);
          if (x) {
            float value[8], factor[8];
            unpack(load(x + target + 8 * j), value);
            unpack(gateOfExample[j], factor);
#pragma unroll
            for (int k = 0; k < 8; k++) r[c][k] += factor[k] * value[k];
            Octet rounded = closed(r[c]);
            put(next + target + 8 * j, rounded);
            open(rounded, r[c]);
          }
        }
      }
      Moments m = momentsOf(r, lane);
#pragma unroll
      for (int c = 0; c < CHUNKS; c++) {
        int j = c * LANES + lane;
        if (8 * j < D) {
          float offset[8], factor[8];
          unpack(shift[j], offset);
          unpack(scale[j], factor);
#pragma unroll
          for (int k = 0; k < 8; k++) r[c][k] = (r[c][k] - m.mean) * m.rstd * (1.f + factor[k]) + offset[k];
          store(a + target + 8 * j, pack(r[c]));
        }
      }
      if (lane == 0) moments[row] = m;
    }
    first = border;
  }
  if (isEarly) awaitEarlier();
}

// The backward keeps three sums and four rows in registers: the warps that share a wide row, the lanes of a row, its packs in
// each lane, and the rows of a block at a time. A float32 stream, or more than two packs a lane, leave no registers for a third
// block.
#define SPLIT (D > 1024 ? 4 : D > 768 ? 2 : 1)
#define ROW_LANES (SPLIT * LANES)
#define PIECES ((D + 8 * ROW_LANES - 1) / (8 * ROW_LANES))
#define ROWS_AT_ONCE (WARPS / SPLIT)
#if WIDE
#define BACKWARD_BOUNDS __launch_bounds__(WARPS * LANES)
#else
#define BACKWARD_BOUNDS __launch_bounds__(WARPS * LANES, SPLIT == 1 ? 3 : 4)
#endif

// Adds the sums of a block's rows to a vector of an example's gradient.
__device__ __forceinline__ void flush(float (*sums)[8], float (*shared)[D], float* __restrict__ into, int lane) {
#pragma unroll
  for (int c = 0; c < PIECES; c++) {
    int j = (c * ROW_LANES + lane) * 8;
    if (j < D) {
      *(float4*)(&shared[threadIdx.y / SPLIT][j]) = *(float4*)(sums[c]);
      *(float4*)(&shared[threadIdx.y / SPLIT][j + 4]) = *(float4*)(sums[c] + 4);
    }
#pragma unroll
    for (int k = 0; k < 8; k++) sums[c][k] = 0.f;
  }
  __syncthreads();
  for (int j = threadIdx.y * LANES + threadIdx.x; j < D; j += WARPS * LANES) {
    float sum = shared[0][j];
#pragma unroll
    for (int r = 1; r < ROWS_AT_ONCE; r++) sum += shared[r][j];
    atomicAdd(into + j, sum);
  }
  __syncthreads();
}

// Adds two numbers over the lanes of a row. meeting: two places of a warp each, used by turns.
__device__ __forceinline__ float2 sumOfRow(float2 x, float2 (*meeting)[WARPS], int turn) {
  x = {sumOfWarp(x.x), sumOfWarp(x.y)};
  if (SPLIT > 1) {
    if (threadIdx.x == 0) meeting[turn][threadIdx.y] = x;
    asm volatile("bar.sync %0, %1;" ::"r"(1 + (int)threadIdx.y / SPLIT), "n"(ROW_LANES) : "memory");
    x = {0.f, 0.f};
#pragma unroll
    for (int w = 0; w < SPLIT; w++) {
      float2 other = meeting[turn][threadIdx.y / SPLIT * SPLIT + w];
      x.x += other.x;
      x.y += other.y;
    }
  }
  return x;
}

// The backward of residualNormModulate:
//   dh     <- dnext + LN'(da (1 + scale)),  dx <- gate * dh
//   dshift += da,  dscale += da * LN(h),  dgate += dh * x, summed over the rows of an example
//   da     [rows, D], the gradient by a
//   dnext  [rows, D], the gradient by the stream after the addition, or null
//   h      [rows, D], the stream that residualNormModulate wrote, with its moments
//   dmods, dgates  float32, shaped as mods and gates
//   dh     [., D]; row r goes to row to[r], or to row r where to is null
// Where x is null, so are gates, dgates and dx.
extern "C" __global__ void BACKWARD_BOUNDS residualNormModulateBackward(
    const bf16* __restrict__ da, const stream* __restrict__ dnext, const stream* __restrict__ h,
    const Moments* __restrict__ moments, const bf16* __restrict__ x, const bf16* __restrict__ gates, int gateVectors,
    int gateIndex, const bf16* __restrict__ mods, int modVectors, int modIndex, float* __restrict__ dgates,
    float* __restrict__ dmods, stream* __restrict__ dh, const int* __restrict__ to, bf16* __restrict__ dx,
    const int* __restrict__ starts, int examples) {
  __shared__ float shared[ROWS_AT_ONCE][D];
  __shared__ float2 meeting[2][WARPS];
  int rows = starts[examples], lane = threadIdx.y % SPLIT * LANES + threadIdx.x, turn = 0;
  long blocks = gridDim.x;
  int first = (int)(rows * (long)blockIdx.x / blocks), end = (int)(rows * (blockIdx.x + 1L) / blocks);
  if (first >= end) return;
  float dshift[PIECES][8] = {}, dscale[PIECES][8] = {}, dgate[PIECES][8] = {};
  for (int example = exampleOf(starts, examples, first); first < end; example++) {
    int border = min(end, starts[example + 1]);
    if (border <= first) continue;
    Vector<ROW_LANES> gate, scale = vectorOf<ROW_LANES>(mods, modVectors, example, modIndex + 1, lane);
    if (x) gate = vectorOf<ROW_LANES>(gates, gateVectors, example, gateIndex, lane);
    for (int row = first + threadIdx.y / SPLIT; row < border; row += ROWS_AT_ONCE) {
      long source = (long)row * D, target = (long)(to ? to[row] : row) * D;
      Moments m = moments[row];
      Pack change[PIECES], branch[PIECES];
      Octet after[PIECES], before[PIECES];
#pragma unroll
      for (int c = 0; c < PIECES; c++) {
        int j = (c * ROW_LANES + lane) * 8;
        if (j < D) {
          change[c] = load(da + source + j);
          before[c] = fetch(h + source + j);
          if (dnext) after[c] = fetch(dnext + source + j);
          if (x) branch[c] = load(x + source + j);
        }
      }
      float sum = 0.f, product = 0.f;  // of dy = da (1 + scale), and of dy with LN(h)
#pragma unroll
      for (int c = 0; c < PIECES; c++) {
        if ((c * ROW_LANES + lane) * 8 < D) {
          float d[8], n[8], factor[8];
          unpack(change[c], d);
          open(before[c], n);
          unpack(scale.chunk[c], factor);
#pragma unroll
          for (int k = 0; k < 8; k++) {
            n[k] = (n[k] - m.mean) * m.rstd;
            dshift[c][k] += d[k];
            dscale[c][k] += d[k] * n[k];
            float dy = d[k] * (1.f + factor[k]);
            sum += dy;
            product += dy * n[k];
          }
        }
      }
      float2 both = sumOfRow({sum, product}, meeting, turn);
      sum = both.x * (1.f / D);
      product = both.y * (1.f / D);
      turn ^= 1;
#pragma unroll
      for (int c = 0; c < PIECES; c++) {
        int j = (c * ROW_LANES + lane) * 8;
        if (j < D) {
          float d[8], n[8], factor[8], result[8] = {};
          unpack(change[c], d);
          open(before[c], n);
          unpack(scale.chunk[c], factor);
          if (dnext) open(after[c], result);
#pragma unroll
          for (int k = 0; k < 8; k++) {
            n[k] = (n[k] - m.mean) * m.rstd;
            result[k] += m.rstd * (d[k] * (1.f + factor[k]) - sum - n[k] * product);
          }
          put(dh + target + j, closed(result));
          if (x) {
            float value[8];
            unpack(branch[c], value);
            unpack(gate.chunk[c], factor);
#pragma unroll
            for (int k = 0; k < 8; k++) {
              dgate[c][k] += result[k] * value[k];
              result[k] *= factor[k];
            }
            store(dx + source + j, pack(result));
          }
        }
      }
    }
    flush(dshift, shared, dmods + ((long)example * modVectors + modIndex) * D, lane);
    flush(dscale, shared, dmods + ((long)example * modVectors + modIndex + 1) * D, lane);
    if (x) flush(dgate, shared, dgates + ((long)example * gateVectors + gateIndex) * D, lane);
    first = border;
  }
}

// ---- attention ----

// Rotates the interleaved pairs of 8 channels by their angles, backwards where sign is -1.
__device__ __forceinline__ void rotatePairs(float* x, const float* cosines, const float* sines, float sign) {
#pragma unroll
  for (int i = 0; i < 4; i++) {
    float c = cosines[i], s = sign * sines[i], even = x[2 * i], odd = x[2 * i + 1];
    x[2 * i] = even * c - odd * s;
    x[2 * i + 1] = even * s + odd * c;
  }
}

// Rotary position embedding of queries and keys, in place: `rotated` heads from head `first` on of
// qkv [rows, heads, W]; cosines and sines [length, W / 2]. positions: the flat positions of the rows, or null for all.
extern "C" __global__ void rotate(bf16* __restrict__ qkv, const float* __restrict__ cosines,
                                  const float* __restrict__ sines, const int* __restrict__ positions, int length,
                                  int heads, int first, int rotated, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  int octets = rotated * (W / 8);
  if (index >= (long)rows * octets) return;
  int row = (int)(index / octets), octet = (int)(index % octets);
  int angle = (positions ? positions[row] : row) % length * (W / 2) + octet % (W / 8) * 4;
  bf16* at = qkv + ((long)row * heads + first) * W + octet * 8;
  float x[8];
  unpack(load(at), x);
  rotatePairs(x, cosines + angle, sines + angle, 1.f);
  store(at, pack(x));
}

// to[r] <- x[rows[r]], rows of so many packs of 16 bytes.
extern "C" __global__ void takeRows(const Pack* __restrict__ x, const int* __restrict__ rows, Pack* __restrict__ to,
                                    int packs, int count) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  if (index >= (long)count * packs) return;
  to[index] = x[(long)rows[index / packs] * packs + index % packs];
}

// Adds rows x [rows, D] to the rows to[r] of y [., D], which differ.
extern "C" __global__ void addRows(const bf16* __restrict__ x, const int* __restrict__ to, bf16* __restrict__ y, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  if (index >= (long)rows * (D / 8)) return;
  bf16* at = y + (long)to[index / (D / 8)] * D + index % (D / 8) * 8;
  float a[8], b[8];
  unpack(load(x + index * 8), a);
  unpack(load(at), b);
#pragma unroll
  for (int k = 0; k < 8; k++) a[k] += b[k];
  store(at, pack(a));
}

// The backward of rotate: rotates the gradients by queries and keys back and concatenates them with the
// gradient by values, each [rows, its heads, W], into dqkv [rows, queries + 2 keys, W].
extern "C" __global__ void rotateBackward(const bf16* __restrict__ dq, const bf16* __restrict__ dk,
                                          const bf16* __restrict__ dv, bf16* __restrict__ dqkv,
                                          const float* __restrict__ cosines, const float* __restrict__ sines,
                                          int length, int queries, int keys, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  int octets = (queries + 2 * keys) * (W / 8);
  if (index >= (long)rows * octets) return;
  int row = (int)(index / octets), octet = (int)(index % octets), head = octet / (W / 8), part = octet % (W / 8) * 8;
  const bf16* source = head < queries ? dq + ((long)row * queries + head) * W
                       : head < queries + keys ? dk + ((long)row * keys + head - queries) * W
                                               : dv + ((long)row * keys + head - queries - keys) * W;
  Pack value = load(source + part);
  if (head < queries + keys) {
    float x[8];
    int angle = row % length * (W / 2) + part / 2;
    unpack(value, x);
    rotatePairs(x, cosines + angle, sines + angle, -1.f);
    value = pack(x);
  }
  store(dqkv + ((long)row * octets + octet) * 8, value);
}

// ---- feed-forward ----

__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.f, 1.f + __expf(-x)); }

#if GATE == 2
#define GELU_A 0.7978845608028654f
#define GELU_B 0.044715f
#endif

__device__ __forceinline__ float gateOf(float x) {
#if GATE == 0
  return sigmoid(x);
#elif GATE == 1
  return x * sigmoid(x);
#else
  return x * sigmoid(2.f * GELU_A * (x + GELU_B * x * x * x));
#endif
}

__device__ __forceinline__ float slopeOf(float x) {
#if GATE == 0
  float s = sigmoid(x);
  return s * (1.f - s);
#elif GATE == 1
  float s = sigmoid(x);
  return s * (1.f + x * (1.f - s));
#else
  float s = sigmoid(2.f * GELU_A * (x + GELU_B * x * x * x));
  return s + x * s * (1.f - s) * 2.f * GELU_A * (1.f + 3.f * GELU_B * x * x);
#endif
}

// g <- value * activation(gate): u [rows, 2 width], values first; g [rows, width], width a multiple of 8.
extern "C" __global__ void gatedActivation(const bf16* __restrict__ u, bf16* __restrict__ g, int width, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  int octets = width / 8;
  if (index >= (long)rows * octets) return;
  long row = index / octets;
  const bf16* at = u + row * 2 * width + index % octets * 8;
  float value[8], x[8];
  unpack(load(at), value);
  unpack(load(at + width), x);
#pragma unroll
  for (int k = 0; k < 8; k++) value[k] *= gateOf(x[k]);
  store(g + index * 8, pack(value));
}

// The backward of gatedActivation: du from dg [rows, width] and u; du may be u.
extern "C" __global__ void gatedActivationBackward(const bf16* __restrict__ dg, const bf16* u, bf16* du, int width,
                                                   int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  int octets = width / 8;
  if (index >= (long)rows * octets) return;
  long offset = index / octets * 2 * width + index % octets * 8;
  float d[8], value[8], x[8];
  unpack(load(dg + index * 8), d);
  unpack(load(u + offset), value);
  unpack(load(u + offset + width), x);
#pragma unroll
  for (int k = 0; k < 8; k++) {
    value[k] *= d[k] * slopeOf(x[k]);
    x[k] = d[k] * gateOf(x[k]);
  }
  store(du + offset, pack(x));
  store(du + offset + width, pack(value));
}

// ---- embedding ----

// Sums the gradients dh [rows, D] of positions with the same token: sums [tokens, D], float32. `order`
// lists the positions by token; its elements runs[i] to runs[i + 1] are positions of tokens[i].
extern "C" __global__ void sumByToken(const stream* __restrict__ dh, const int* __restrict__ order,
                                      const int* __restrict__ runs, const int* __restrict__ tokens,
                                      float* __restrict__ sums) {
  int first = runs[blockIdx.x], end = runs[blockIdx.x + 1];
  for (int j = threadIdx.x * 8; j < D; j += blockDim.x * 8) {
    float sum[8] = {};
    for (int i = first; i < end; i++) {
      float x[8];
      open(fetch(dh + (long)order[i] * D + j), x);
#pragma unroll
      for (int k = 0; k < 8; k++) sum[k] += x[k];
    }
    float* at = sums + (long)tokens[blockIdx.x] * D + j;
#pragma unroll
    for (int k = 0; k < 8; k++) atomicAdd(at + k, sum[k]);
  }
}

// ---- loss ----

// Cross-entropy of each row in nats; its gradient times the row's weight overwrites the logits. logits
// [rows, stride]: the first `vocabulary` columns count, the others become 0.
#define BEYOND -1e30f

// A running maximum and the sum of exponentials relative to it (online softmax).
struct Mass { float most, sum; };

__device__ __forceinline__ Mass combined(Mass a, Mass b) {
  float most = fmaxf(a.most, b.most);
  return {most, a.sum * __expf(a.most - most) + b.sum * __expf(b.most - most)};
}

__device__ __forceinline__ Mass massOfWarp(Mass mass) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1)
    mass = combined(mass, {__shfl_xor_sync(~0u, mass.most, offset), __shfl_xor_sync(~0u, mass.sum, offset)});
  return mass;
}

// Adds logits to a mass: `count` packs that start at `column` and are `stride` columns apart.
template <int count>
__device__ __forceinline__ Mass with(Mass mass, const Pack* logits, int column, int stride, int vocabulary) {
  float x[count][8], most = mass.most, sum = 0.f;
#pragma unroll
  for (int p = 0; p < count; p++) {
    unpack(logits[p], x[p]);
#pragma unroll
    for (int k = 0; k < 8; k++) {
      if (column + p * stride + k >= vocabulary) x[p][k] = BEYOND;
      most = fmaxf(most, x[p][k]);
    }
  }
#pragma unroll
  for (int p = 0; p < count; p++)
#pragma unroll
    for (int k = 0; k < 8; k++) sum += __expf(x[p][k] - most);
  return {most, mass.sum * __expf(mass.most - most) + sum};
}

__device__ __forceinline__ Pack gradient(const Pack& logits, int column, int vocabulary, Mass mass, float weight,
                                         int target, float* loss) {
  float x[8], factor = weight / mass.sum;
  unpack(logits, x);
#pragma unroll
  for (int k = 0; k < 8; k++) {
    float logit = x[k];
    x[k] = column + k < vocabulary ? __expf(logit - mass.most) * factor : 0.f;
    if (column + k == target) {
      *loss = logf(mass.sum) + mass.most - logit;
      x[k] -= weight;
    }
  }
  return pack(x);
}

#define LOG2_E 1.4426950408889634f

__device__ __forceinline__ float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ u32 maxOfPairs(u32 a, u32 b) {
  u32 most;
  asm("max.bf16x2 %0, %1, %2;" : "=r"(most) : "r"(a), "r"(b));
  return most;
}

// Adds packs whose columns all count. Maxima are taken of pairs, and exponentials to base 2, since issuing instructions takes
// longer here than reading.
template <int count>
__device__ __forceinline__ Mass withWhole(Mass mass, const Pack* logits) {
  u32 pair = logits[0].word[0];
#pragma unroll
  for (int p = 0; p < count; p++)
#pragma unroll
    for (int i = 0; i < 4; i++) pair = maxOfPairs(pair, logits[p].word[i]);
  float most = fmaxf(mass.most, fmaxf(low(pair), high(pair))), offset = most * LOG2_E;
  float even = mass.sum * power2(mass.most * LOG2_E - offset), odd = 0.f;
#pragma unroll
  for (int p = 0; p < count; p++)
#pragma unroll
    for (int i = 0; i < 4; i++) {
      even += power2(low(logits[p].word[i]) * LOG2_E - offset);
      odd += power2(high(logits[p].word[i]) * LOG2_E - offset);
    }
  return {most, even + odd};
}

// The gradient by 8 logits that all count, none of them the target's. offset: the maximum, to base 2.
__device__ __forceinline__ Pack gradientOfOthers(const Pack& logits, float offset, float factor) {
  Pack result;
#pragma unroll
  for (int i = 0; i < 4; i++)
    result.word[i] = packed(power2(low(logits.word[i]) * LOG2_E - offset) * factor,
                            power2(high(logits.word[i]) * LOG2_E - offset) * factor);
  return result;
}

// One row for each block, cached in shared memory: 2 * stride bytes.
extern "C" __global__ void __launch_bounds__(512, 2) crossEntropyByBlock(bf16* __restrict__ logits,
                                                                         const int* __restrict__ targets,
                                                                         const float* __restrict__ weights,
                                                                         float* __restrict__ losses, int vocabulary,
                                                                         int stride) {
  extern __shared__ Pack cached[];
  __shared__ Mass ofWarp[16];
  long row = blockIdx.x;
  bf16* at = logits + row * stride;
  int target = targets[row];
  float weight = weights[row];
  Mass mass = {BEYOND, 0.f};
  int packs = stride / 8, whole = vocabulary / 8, first = threadIdx.x;  // whole: packs whose columns all count
  for (; first + 3 * 512 < whole; first += 4 * 512) {
    Pack four[4];
#pragma unroll
    for (int p = 0; p < 4; p++) four[p] = load(at + (first + p * 512) * 8);
#pragma unroll
    for (int p = 0; p < 4; p++) cached[first + p * 512] = four[p];
    mass = withWhole<4>(mass, four);
  }
  for (; first < packs; first += 512) {
    Pack one = load(at + first * 8);
    cached[first] = one;
    mass = with<1>(mass, &one, first * 8, 0, vocabulary);
  }
  mass = massOfWarp(mass);
  if (threadIdx.x % LANES == 0) ofWarp[threadIdx.x / LANES] = mass;
  __syncthreads();
  mass = massOfWarp(ofWarp[threadIdx.x % 16]);
  mass.sum *= 0.5f;  // each warp's sum was counted twice
  float offset = mass.most * LOG2_E, factor = weight / mass.sum;
#pragma unroll 4
  for (int p = threadIdx.x; p < packs; p += 512)
    store(at + p * 8, p < whole && p != target / 8
                          ? gradientOfOthers(cached[p], offset, factor)
                          : gradient(cached[p], p * 8, vocabulary, mass, weight, target, losses + row));
}

// One row for each warp, for small vocabularies.
extern "C" __global__ void __launch_bounds__(WARPS * LANES) crossEntropyByWarp(bf16* __restrict__ logits,
                                                                               const int* __restrict__ targets,
                                                                               const float* __restrict__ weights,
                                                                               float* __restrict__ losses,
                                                                               int vocabulary, int stride, int rows) {
  long row = blockIdx.x * WARPS + threadIdx.y;
  if (row >= rows) return;
  bf16* at = logits + row * stride;
  Mass mass = {BEYOND, 0.f};
  for (int j = threadIdx.x * 8; j < stride; j += LANES * 8) {
    Pack logits = load(at + j);
    mass = with<1>(mass, &logits, j, 0, vocabulary);
  }
  mass = massOfWarp(mass);
  for (int j = threadIdx.x * 8; j < stride; j += LANES * 8)
    store(at + j, gradient(load(at + j), j, vocabulary, mass, weights[row], targets[row], losses + row));
}

// The loss of GenMD4, with a power w for each token. With mean = sum_v w_v mu_v:
//   loss of a row            w_x (-log mu_x - 1) + mean
//   gradient by logit v      weight * (mu_v (w_x + w_v - mean) - 1[v = x] w_x); overwrites the logits
//   gradient by power v      weight * (mu_v + 1[v = x] (-log mu_x - 1)); added to sums [stride]
// powers [stride] are 0 beyond the vocabulary.

// A running maximum, the sum of exponentials relative to it, and the sum of their products with the powers.
struct GenMd4Mass { float most, sum, power; };

__device__ __forceinline__ GenMd4Mass combined(GenMd4Mass a, GenMd4Mass b) {
  float most = fmaxf(a.most, b.most), ofA = __expf(a.most - most), ofB = __expf(b.most - most);
  return {most, a.sum * ofA + b.sum * ofB, a.power * ofA + b.power * ofB};
}

__device__ __forceinline__ GenMd4Mass genMd4MassOfWarp(GenMd4Mass mass) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1)
    mass = combined(mass, {__shfl_xor_sync(~0u, mass.most, offset), __shfl_xor_sync(~0u, mass.sum, offset),
                           __shfl_xor_sync(~0u, mass.power, offset)});
  return mass;
}

__device__ __forceinline__ void eight(const float* from, float* x) {
  *(float4*)x = *(const float4*)from;
  *(float4*)(x + 4) = *(const float4*)(from + 4);
}

__device__ __forceinline__ GenMd4Mass with(GenMd4Mass mass, const Pack& logits, const float* powers, int column,
                                          int vocabulary) {
  float x[8], w[8], most = mass.most;
  unpack(logits, x);
  eight(powers + column, w);
#pragma unroll
  for (int k = 0; k < 8; k++) {
    if (column + k >= vocabulary) x[k] = BEYOND;
    most = fmaxf(most, x[k]);
  }
  float kept = __expf(mass.most - most);
  GenMd4Mass result = {most, mass.sum * kept, mass.power * kept};
#pragma unroll
  for (int k = 0; k < 8; k++) {
    float e = __expf(x[k] - most);
    result.sum += e;
    result.power += e * w[k];
  }
  return result;
}

struct GenMd4Row { float most, sum, mean, weight, own; int target; };

__device__ __forceinline__ GenMd4Row genMd4RowOf(GenMd4Mass mass, const float* powers, float weight, int target) {
  return {mass.most, mass.sum, mass.power / mass.sum, weight, powers[target], target};
}

// The gradient by 8 logits; writes their summands of the gradient by the powers to `added`.
__device__ __forceinline__ Pack gradient(const Pack& logits, const float* powers, int column, int vocabulary,
                                         const GenMd4Row& row, float* loss, float* added) {
  float x[8], w[8], factor = row.weight / row.sum;
  unpack(logits, x);
  eight(powers + column, w);
#pragma unroll
  for (int k = 0; k < 8; k++) {
    float logit = x[k];
    added[k] = column + k < vocabulary ? __expf(logit - row.most) * factor : 0.f;
    x[k] = added[k] * (row.own + w[k] - row.mean);
    if (column + k == row.target) {
      float surprise = logf(row.sum) + row.most - logit - 1.f;
      *loss = row.own * surprise + row.mean;
      x[k] -= row.weight * row.own;
      added[k] += row.weight * surprise;
    }
  }
  return pack(x);
}

__device__ __forceinline__ void add(float* to, const float* added) {
  float x[8];
  eight(to, x);
#pragma unroll
  for (int k = 0; k < 8; k++) x[k] += added[k];
  *(float4*)to = *(float4*)x;
  *(float4*)(to + 4) = *(float4*)(x + 4);
}

// Every gridDim-th row for each block. A block caches its summands in shared memory, 4 * stride bytes;
// where that is too much (isCached = 0) it adds to the sums directly.
extern "C" __global__ void __launch_bounds__(1024) genMd4ByBlock(bf16* __restrict__ logits,
                                                                 const int* __restrict__ targets,
                                                                 const float* __restrict__ weights,
                                                                 const float* __restrict__ powers,
                                                                 float* __restrict__ losses, float* __restrict__ sums,
                                                                 int vocabulary, int stride, int rows, int isCached) {
  extern __shared__ float4 ofBlock[];
  __shared__ GenMd4Mass ofWarp[32];
  float* own = (float*)ofBlock;
  if (isCached)
    for (int j = threadIdx.x * 8; j < stride; j += 8192) ofBlock[j / 4] = ofBlock[j / 4 + 1] = {0.f, 0.f, 0.f, 0.f};
  for (long r = blockIdx.x; r < rows; r += gridDim.x) {
    bf16* at = logits + r * stride;
    GenMd4Mass mass = {BEYOND, 0.f, 0.f};
    for (int j = threadIdx.x * 8; j < stride; j += 8192) mass = with(mass, load(at + j), powers, j, vocabulary);
    mass = genMd4MassOfWarp(mass);
    __syncthreads();  // the row before has been read
    if (threadIdx.x % LANES == 0) ofWarp[threadIdx.x / LANES] = mass;
    __syncthreads();
    GenMd4Row row = genMd4RowOf(genMd4MassOfWarp(ofWarp[threadIdx.x % LANES]), powers, weights[r], targets[r]);
    for (int j = threadIdx.x * 8; j < stride; j += 8192) {
      float added[8];
      store(at + j, gradient(load(at + j), powers, j, vocabulary, row, losses + r, added));
      if (isCached) {
        add(own + j, added);
      } else {
        for (int k = 0; k < 8; k++) atomicAdd(sums + j + k, added[k]);
      }
    }
  }
  if (isCached)
    for (int j = threadIdx.x * 8; j < stride; j += 8192)
      for (int k = 0; k < 8; k++) atomicAdd(sums + j + k, own[j + k]);
}

// Rows of a small vocabulary, dealt to warps in turn; stride at most 512.
extern "C" __global__ void __launch_bounds__(WARPS * LANES) genMd4ByWarp(bf16* __restrict__ logits,
                                                                         const int* __restrict__ targets,
                                                                         const float* __restrict__ weights,
                                                                         const float* __restrict__ powers,
                                                                         float* __restrict__ losses,
                                                                         float* __restrict__ sums, int vocabulary,
                                                                         int stride, int rows) {
  __shared__ alignas(16) float cached[WARPS][512];
  float* own = cached[threadIdx.y];
  for (int j = threadIdx.x; j < stride; j += LANES) own[j] = 0.f;
  __syncwarp();
  for (long r = blockIdx.x * WARPS + threadIdx.y; r < rows; r += gridDim.x * WARPS) {
    bf16* at = logits + r * stride;
    GenMd4Mass mass = {BEYOND, 0.f, 0.f};
    for (int j = threadIdx.x * 8; j < stride; j += LANES * 8)
      mass = with(mass, load(at + j), powers, j, vocabulary);
    GenMd4Row row = genMd4RowOf(genMd4MassOfWarp(mass), powers, weights[r], targets[r]);
    for (int j = threadIdx.x * 8; j < stride; j += LANES * 8) {
      float added[8];
      store(at + j, gradient(load(at + j), powers, j, vocabulary, row, losses + r, added));
      add(own + j, added);
    }
  }
  __syncthreads();
  for (int j = threadIdx.y * LANES + threadIdx.x; j < stride; j += WARPS * LANES) {
    float sum = 0.f;
    for (int warp = 0; warp < WARPS; warp++) sum += cached[warp][j];
    atomicAdd(sums + j, sum);
  }
}

// ---- optimizer ----

struct Update {
  float rate, beta1, beta2, epsilon, decay, correction1, correction2, emaRate;
};

// AdamW, the exponential average and the bfloat16 copy in one pass over all parameters. The gradient is
// bfloat16 (narrow) or float32 (wide); the other pointer is null. It is multiplied by *scale; *scale = 0
// changes nothing. average may be null. size is a multiple of 4.
extern "C" __global__ void adamW(float* __restrict__ p, float* __restrict__ m, float* __restrict__ v,
                                 float* __restrict__ average, bf16* __restrict__ copy, const bf16* __restrict__ narrow,
                                 const float* __restrict__ wide, const float* __restrict__ scale, Update n, long size) {
  float factor = scale ? *scale : 1.f;
  if (factor == 0.f) return;
  float root = rsqrtf(n.correction2), step = n.rate / n.correction1, kept = 1.f - n.rate * n.decay;
  long stride = (long)gridDim.x * blockDim.x * 4;
  for (long i = (blockIdx.x * (long)blockDim.x + threadIdx.x) * 4; i < size; i += stride) {
    float g[4], w[4], first[4], second[4], mean[4];
    *(float4*)w = *(float4*)(p + i);
    *(float4*)first = *(float4*)(m + i);
    *(float4*)second = *(float4*)(v + i);
    if (average) *(float4*)mean = *(float4*)(average + i);
    if (wide) {
      *(float4*)g = *(const float4*)(wide + i);
    } else {
      uint2 words = *(const uint2*)(narrow + i);
      g[0] = low(words.x);
      g[1] = high(words.x);
      g[2] = low(words.y);
      g[3] = high(words.y);
    }
#pragma unroll
    for (int k = 0; k < 4; k++) {
      g[k] *= factor;
      first[k] += (1.f - n.beta1) * (g[k] - first[k]);
      second[k] += (1.f - n.beta2) * (g[k] * g[k] - second[k]);
      w[k] = kept * w[k] - step * first[k] / (sqrtf(second[k]) * root + n.epsilon);
      if (average) mean[k] += (1.f - n.emaRate) * (w[k] - mean[k]);
    }
    *(float4*)(p + i) = *(float4*)w;
    *(float4*)(m + i) = *(float4*)first;
    *(float4*)(v + i) = *(float4*)second;
    if (average) *(float4*)(average + i) = *(float4*)mean;
    uint2 words = {packed(w[0], w[1]), packed(w[2], w[3])};
    *(uint2*)(copy + i) = words;
  }
}
