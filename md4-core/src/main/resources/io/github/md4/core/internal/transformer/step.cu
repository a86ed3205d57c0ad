// The beginning and the end of a step of sampling: its inputs come from the host's memory, its draws go there. NVRTC compiles
// this behind fused.cu, with the same constants, for Hopper.
//
// B examples of N positions, W features of a time, R rows. The host has written the inputs of several steps one after another,
// `bytes` each, and steps take them by turns. A step's are next to each other:
//   law [2] double, u [R] double, count int, isFirst int, rows [R] int, starts [B + 1] int, features [B W] float
// law: the divisor of the logits, 0 for the likeliest tokens alone; and 1 where probabilities and confidences are of that law, 0
// where they are of the logits as they are. rows: flat positions in ascending order, of which the first `count` are asked for; starts: the first row of each example, then
// R. Behind the last step's are the tokens [B N] int of a step that is the first; others begin with what was drawn before.
//
// turns [3] are on the device: which inputs the next step takes, and the one that runs; and that one's count.

struct Given { const double *law, *u; int count, isFirst; const int *rows, *starts; const float* features; };

__device__ __forceinline__ Given givenAt(const unsigned char* from, int examples, int rows) {
  Given g;
  g.law = (const double*)from;
  g.u = g.law + 2;
  const int* ints = (const int*)(g.u + rows);
  g.count = ints[0];
  g.isFirst = ints[1];
  g.rows = ints + 2;
  g.starts = g.rows + rows;
  g.features = (const float*)(g.starts + examples + 1);
  return g;
}

// Copies the inputs to where the network reads them, and computes the condition c = act(w2 swish(w1 f + b1) + b2) [B, W] of
// features f; w1 [4 W, W], w2 [W, 4 W]. Blocks of 4 W threads, at least B.
extern "C" __global__ void __launch_bounds__(4 * W)
    beginStep(const unsigned char* __restrict__ from, int bytes, int slots, int* turns, double* __restrict__ law,
              double* __restrict__ u, long* __restrict__ longRows, int* __restrict__ rows, int* __restrict__ starts, long* __restrict__ zt,
              const float* __restrict__ w1, const float* __restrict__ b1, const float* __restrict__ w2,
              const float* __restrict__ b2, bf16* __restrict__ c, int examples, int length, int count) {
  __shared__ float feature[W], hidden[4 * W];
  letNextBegin();
  Given g = givenAt(from + (long)turns[0] * bytes, examples, count);
  const int* tokens = (const int*)(from + (long)slots * bytes);
  int thread = threadIdx.x, index = blockIdx.x * blockDim.x + thread, threads = gridDim.x * blockDim.x;
  bool isOfExample = blockIdx.x < examples;
  if (isOfExample && thread < W) feature[thread] = g.features[blockIdx.x * W + thread];
  if (g.isFirst)
    for (int i = index; i < examples * length; i += threads) zt[i] = tokens[i];
  if (index == 0) turns[2] = g.count;
  if (index < 2) law[index] = g.law[index];
  for (int i = index; i < count; i += threads) {
    u[i] = g.u[i];
    longRows[i] = rows[i] = g.rows[i];
  }
  for (int i = index; i <= examples; i += threads) starts[i] = g.starts[i];
  if (!isOfExample) return;
  __syncthreads();
  float sum = b1[thread];
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    float4 w = *(const float4*)(w1 + thread * W + i);
    sum += w.x * feature[i] + w.y * feature[i + 1] + w.z * feature[i + 2] + w.w * feature[i + 3];
  }
  hidden[thread] = sum * sigmoid(sum);
  __syncthreads();
  int out = thread / 4, first = thread % 4 * W;
  sum = 0.f;
#pragma unroll
  for (int i = 0; i < W; i += 4) {
    float4 w = *(const float4*)(w2 + out * 4 * W + first + i);
    const float* h = hidden + first + i;
    sum += w.x * h[0] + w.y * h[1] + w.z * h[2] + w.w * h[3];
  }
  sum += __shfl_xor_sync(~0u, sum, 1);
  sum += __shfl_xor_sync(~0u, sum, 2);
  if (thread % 4 == 0) c[blockIdx.x * W + out] = (bf16)packed(gateOf(sum + b2[out]), 0.f);
}

// The vectors of all modulations, values [B, size] = c w' + bias, w [size, W], by the first `blocks` blocks, a row of w a
// thread; and the first values of the stream, h [positions, D], the rows of the table [., D] at zt, a warp each, by the others.
// turns go on by one.
#define AT_ONCE 32  // examples whose conditions are in shared memory
extern "C" __global__ void __launch_bounds__(256)
    modulateAndEmbed(const bf16* __restrict__ c, const bf16* __restrict__ w, const bf16* __restrict__ bias,
                     bf16* __restrict__ values, int size, int examples, const long* __restrict__ zt,
                     const float* __restrict__ table, stream* __restrict__ h, int positions, int blocks, int slots,
                     int* turns) {
  __shared__ float conditions[AT_ONCE][W];
  if (blockIdx.x < blocks) {
    int row = blockIdx.x * 256 + threadIdx.x;
    bool isRow = row < size;
    float own[W] = {}, offset = 0.f;
    if (isRow) {
#pragma unroll
      for (int k = 0; k < W; k += 8) unpack(load(w + (long)row * W + k), own + k);
      offset = __uint_as_float((u32)bias[row] << 16);
    }
    awaitEarlier();
    letNextBegin();
    if (row == 0) {
      turns[1] = turns[0];
      turns[0] = (turns[0] + 1) % slots;
    }
    for (int first = 0; first < examples; first += AT_ONCE) {
      int count = min(AT_ONCE, examples - first);
      __syncthreads();
      for (int i = threadIdx.x * 8; i < count * W; i += 256 * 8) unpack(load(c + first * W + i), conditions[0] + i);
      __syncthreads();
      for (int b = 0; b < count; b++) {
        float even = 0.f, odd = 0.f;
#pragma unroll
        for (int k = 0; k < W; k += 4) {
          float4 x = *(const float4*)(conditions[b] + k);
          even += own[k] * x.x + own[k + 1] * x.y;
          odd += own[k + 2] * x.z + own[k + 3] * x.w;
        }
        if (isRow) values[(long)(first + b) * size + row] = (bf16)packed(even + odd + offset, 0.f);
      }
    }
  } else {
    awaitEarlier();
    letNextBegin();
    int position = (blockIdx.x - blocks) * 8 + threadIdx.x / LANES;
    if (position >= positions) return;
    const float* from = table + zt[position] * D;
    for (int j = threadIdx.x % LANES * 8; j < D; j += LANES * 8) {
      float x[8];
      *(float4*)x = *(const float4*)(from + j);
      *(float4*)(x + 4) = *(const float4*)(from + j + 4);
      put(h + (long)position * D + j, closed(x));
    }
  }
}

// Rows of x [., D]: to [count, D].
extern "C" __global__ void gatherRows(const bf16* __restrict__ x, const int* __restrict__ rows, bf16* __restrict__ to,
                                      int width, int count) {
  awaitEarlier();
  letNextBegin();
  int octets = width / 8;
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  long row = index / octets, column = index % octets * 8;
  if (row < count) store(to + row * width + column, load(x + (long)rows[row] * width + column));
}

// ---- draws ----

template <typename T, typename Op>
__device__ __forceinline__ T ofWarp(T x, Op op) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) x = op(x, __shfl_xor_sync(~0u, x, offset));
  return x;
}

// The two largest of a row, and the place of the largest; the first of equals. isNan: whether any is NaN.
struct Top { float first, second; int at, isNan; };

__device__ __forceinline__ Top with(Top a, Top b) {
  bool isB = b.first > a.first || (b.first == a.first && b.at < a.at);
  Top best = isB ? b : a;
  best.second = fmaxf(fmaxf(a.second, b.second), isB ? a.first : b.first);
  best.isNan = a.isNan | b.isNan;
  return best;
}
__device__ __forceinline__ Top topOfWarp(Top top) {
#pragma unroll
  for (int offset = 16; offset; offset >>= 1) {
    Top other = {__shfl_xor_sync(~0u, top.first, offset), __shfl_xor_sync(~0u, top.second, offset),
                 __shfl_xor_sync(~0u, top.at, offset), __shfl_xor_sync(~0u, top.isNan, offset)};
    top = with(top, other);
  }
  return top;
}

#define LOWEST __int_as_float(0xff800000)

// x by the temperature, from the largest on.
__device__ __forceinline__ double below(float x, float most, double temperature) {
  double by = (double)x - (double)most;
  return temperature == 1 ? by : by / temperature;
}
// The weight of x among others, 1 of the largest; at the temperature 0 no other has any.
__device__ __forceinline__ double exponential(float x, float most, double temperature) {
  return temperature > 0 ? exp(below(x, most, temperature)) : x == most ? 1.0 : 0.0;
}

// One draw a row from the softmax of its logits [count, stride] by a temperature, over the first `vocabulary` columns, by
// inversion in double: the token whose part of [0, 1) contains u, or the likeliest where u is negative, or where the law's
// probabilities are told at the temperature 0, which are then those of 1; -1 where the distribution is NaN. drawn [slots, 3,
// capacity] is the host's: tokens, their probabilities, confidences: 0 the probability, 1 the margin between the two likeliest, 2
// the negative entropy. Tokens of asked rows are put into zt, too. A block takes a row; each of its threads, packs of 8 columns
// next to each other.
extern "C" __global__ void __launch_bounds__(1024)
    drawTokens(const bf16* __restrict__ logits, const double* __restrict__ law, const double* __restrict__ u, double* __restrict__ drawn, int vocabulary,
               int stride, int capacity, int confidence, const int* turns, const int* __restrict__ rows,
               long* __restrict__ zt) {
  __shared__ Top tops[32];
  __shared__ double sums[32], toldSums[32], entropies[32];
  __shared__ int chosen;
  awaitEarlier();
  letNextBegin();
  int row = blockIdx.x, thread = threadIdx.x, lane = thread % LANES, warp = thread / LANES, warps = blockDim.x / LANES;
  const bf16* of = logits + (long)row * stride;
  int packs = (vocabulary + 7) / 8, each = (packs + blockDim.x - 1) / blockDim.x;
  int first = min(packs, thread * each), end = min(packs, first + each);
  Top top = {LOWEST, LOWEST, vocabulary, 0};
  for (int p = thread; p < packs; p += blockDim.x) {
    float x[8];
    unpack(load(of + p * 8), x);
#pragma unroll
    for (int k = 0; k < 8; k++)
      if (p * 8 + k < vocabulary) top = with(top, {x[k], LOWEST, p * 8 + k, x[k] != x[k]});
  }
  top = topOfWarp(top);
  if (lane == 0) tops[warp] = top;
  if (thread == 0) chosen = vocabulary - 1;
  __syncthreads();
  top = topOfWarp(lane < warps ? tops[lane] : Top{LOWEST, LOWEST, vocabulary, 0});

  bool isOfLaw = law[1] != 0, isCold = isOfLaw && law[0] == 0;
  double temperature = isCold ? 1 : law[0], told = isOfLaw ? temperature : 1;
  bool isSame = temperature == told;
  double sum = 0, toldSum = 0, entropy = 0;
  for (int p = first; p < end; p++) {
    float x[8];
    unpack(load(of + p * 8), x);
#pragma unroll
    for (int k = 0; k < 8; k++)
      if (p * 8 + k < vocabulary) {
        double e = exponential(x[k], top.first, temperature);
        sum += e;
        if (!isSame) toldSum += e = exponential(x[k], top.first, told);
        if (confidence == 2 && e > 0) entropy += e * below(x[k], top.first, told);
      }
  }
  double until = sum;  // the sum of this thread's and all earlier columns
#pragma unroll
  for (int offset = 1; offset < LANES; offset <<= 1) {
    double before = __shfl_up_sync(~0u, until, offset);
    if (lane >= offset) until += before;
  }
  auto plus = [](double a, double b) { return a + b; };
  entropy = ofWarp(entropy, plus);
  toldSum = ofWarp(toldSum, plus);
  if (lane == LANES - 1) sums[warp] = until;
  if (lane == 0) entropies[warp] = entropy;
  if (lane == 0) toldSums[warp] = toldSum;
  __syncthreads();
  double earlier = __shfl_up_sync(~0u, until, 1), before = 0, total = 0, toldTotal = 0;
  entropy = 0;
  for (int w = 0; w < warps; w++) {
    if (w < warp) before += sums[w];
    total += sums[w];
    toldTotal += toldSums[w];
    entropy += entropies[w];
  }
  if (isSame) toldTotal = total;
  // A thread begins where the one before it ends, to the bit.
  double own = isCold ? -1 : u[row], target = own * total, from = lane == 0 ? before : before + earlier;
  if (own >= 0 && first < end && target >= from && target < before + until) {
    int token = -1, last = 0;
    double running = from;
    for (int p = first; p < end && token < 0; p++) {
      float x[8];
      unpack(load(of + p * 8), x);
#pragma unroll
      for (int k = 0; k < 8; k++)
        if (p * 8 + k < vocabulary && token < 0) {
          double e = exponential(x[k], top.first, temperature);
          running += e;
          if (e > 0) last = p * 8 + k;
          if (running > target) token = p * 8 + k;
        }
    }
    chosen = token < 0 ? last : token;
  }
  __syncthreads();
  if (thread == 0) {
    int token = own < 0 ? min(top.at, vocabulary - 1) : chosen;
    double probability = exponential(low((u32)of[token]), top.first, told) / toldTotal, value = probability;
    if (confidence == 1) value = (1.0 - exponential(top.second, top.first, told)) / toldTotal;
    if (confidence == 2) value = entropy / toldTotal - log(toldTotal);
    drawn += (long)turns[1] * 3 * capacity;
    if (row < turns[2]) zt[rows[row]] = token;
    drawn[row] = top.isNan || !(total > 0) ? -1 : token;
    drawn[capacity + row] = probability;
    drawn[2 * capacity + row] = value;
  }
}
