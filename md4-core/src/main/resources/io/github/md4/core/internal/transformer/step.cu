// The beginning and the end of a step of sampling: its inputs come from the host's memory, its draws go there. NVRTC compiles
// this behind fused.cu, with the same constants, for Hopper.
//
// A step is of S views of E examples of N positions, B = S E, of which R rows each are asked for; the second view, if there is one,
// is of the same examples without what guides them. F features of an example. The rows are given, or they are masks, which the step
// finds in the tokens that earlier steps left; then U = E N, else U = R. The host has written the inputs of several steps one after
// another, `bytes` each, and steps take them by turns. A step's are next to each other:
//   law [LAW], divisor, u [U], for masks noise [U], for a step that masks again shares [A], limits [A] double, count int,
//   isFirst int, isMasked int, rows [S R] int, starts [B + 1] int, masked [E N / 32, rounded up] int, ends [E] int, stay [E] int,
//   for tokens that may be taken back least [R] int, for a step that masks again againStarts [E + 1], again [A], rounds [A] int,
//   features [B F] float
// law: the divisor of the logits, 0 for the likeliest tokens alone; 1 where probabilities and confidences are of that law, 0 where
// they are of the logits as they are; the scale of guidance; and for each of CUTS cuts the number of tokens that stay at least, 0
// for any, and their mass. rows: flat positions in ascending order, of which the first `count` of each view are asked for; starts:
// the first row of each example, then S R. masked: a bit for each position of a view that is masked before the step, if any is.
// Rows that are masks are those of each example before its end, as many as starts have room for; of their tokens `stay` stay, those
// of the largest confidence / divisor + noise. Rows of other forms than GIVEN are revealed only where they are masked; of KEPT ones,
// where the rank of the token is at least `least`. Positions in `again`, of an example each in ascending order of rounds, are masked
// again where their limit is below share w / (the sum of w over the example): w is exp(-probability) of a token that was revealed,
// 0 elsewhere; the round 0 is before this step's draws are revealed, others are after them. Behind the last step's inputs are the
// tokens [B N] int of a step that is the first, and for one that masks again w [E N] double, on a multiple of 8 bytes; other steps
// begin with what was drawn before.
//
// turns [3] are on the device: which inputs the next step takes, and the one that runs; and that one's count.

#define CUTS 2
#define LAW (3 + 2 * CUTS)

enum Form { GIVEN, MASKS, KEPT, REMASKED };

struct Given {
  const double *law, *u, *noise, *shares, *limits;
  int count, isFirst, isMasked;
  const int *rows, *starts, *masked, *ends, *stay, *least, *againStarts, *again, *rounds;
  const float* features;
};

// S R rows, E N positions of a view, room for A positions that are masked again.
__device__ __forceinline__ Given
    givenAt(const unsigned char* from, int examples, int views, int rows, int positions, int form, int room) {
  int uniforms = form == MASKS ? positions : rows / views, own = examples / views;
  Given g;
  g.law = (const double*)from;
  g.u = g.law + LAW + 1;
  g.noise = g.u + uniforms;
  g.shares = g.noise + (form == MASKS ? uniforms : 0);
  g.limits = g.shares + room;
  const int* ints = (const int*)(g.limits + room);
  g.count = ints[0];
  g.isFirst = ints[1];
  g.isMasked = ints[2];
  g.rows = ints + 3;
  g.starts = g.rows + rows;
  g.masked = g.starts + examples + 1;
  g.ends = g.masked + (positions + 31) / 32;
  g.stay = g.ends + own;
  g.least = g.stay + own;
  g.againStarts = g.least + (form == KEPT ? rows / views : 0);
  g.again = g.againStarts + (form == REMASKED ? own + 1 : 0);
  g.rounds = g.again + room;
  g.features = (const float*)(g.rounds + room);
  return g;
}

// The product of a row of w1 and the features of an example.
template <int features>
__device__ __forceinline__ float product(const float* w1, const float* feature) {
  float sum = 0.f;
#pragma unroll
  for (int i = 0; i < features; i += 4) {
    float4 w = *(const float4*)(w1 + i);
    sum += w.x * feature[i] + w.y * feature[i + 1] + w.z * feature[i + 2] + w.w * feature[i + 3];
  }
  return sum;
}

// Writes the masks of an example before its end, in ascending order, as its rows of a view: their places, and in the first view their
// uniforms and their noise. zt is that of the first view. By 256 threads.
__device__ __forceinline__ void listMasks(const Given& g, const int* tokens, const long* zt, int mask, int example, int view, int length,
                                          int positions, int draws, long* longRows, int* rows, double* u, double* noise) {
  __shared__ int counts[8];
  int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES;
  int first = g.starts[example], wanted = min(g.starts[example + 1], g.count) - first, end = g.ends[example], found = 0;
  for (int from = 0; from < end && found < wanted; from += 256) {
    int n = from + threadIdx.x, i = example * length + n;
    bool isMask = n < end && (g.isFirst ? tokens[i] : (int)zt[i]) == mask;
    u32 ofWarp = __ballot_sync(~0u, isMask);
    if (lane == 0) counts[warp] = __popc(ofWarp);
    __syncthreads();
    int place = found + __popc(ofWarp & ((1u << lane) - 1));
    for (int w = 0; w < 8; w++) {
      if (w < warp) place += counts[w];
      found += counts[w];
    }
    if (isMask && place < wanted) {
      int row = first + place;
      longRows[view * draws + row] = rows[view * draws + row] = view * positions + i;
      if (view == 0) {
        u[row] = g.u[i];
        noise[row] = g.noise[i];
      }
    }
    __syncthreads();
  }
}

// Copies the inputs to where the network reads them, and lists the masks that are rows. `count` is of the rows of all views, `draws`
// of one. Rows behind those that are asked for are the last position's of their view. By at least as many blocks as there are
// examples; where rows are masks, of 256 threads.
__device__ __forceinline__ void
    takeInputs(const Given& g, const int* tokens, int* turns, double* law, double* u, double* noise, int* stay, int* leastRanks,
               double* weights, long* longRows, int* rows, int* starts, long* zt, int examples, int length, int count, int draws,
               int views, int mask, int form) {
  int own = examples / views, positions = own * length;
  int index = blockIdx.x * blockDim.x + threadIdx.x, threads = gridDim.x * blockDim.x;
  if (g.isFirst) {
    for (int i = index; i < examples * length; i += threads) zt[i] = tokens[i];
    const double* first = (const double*)(tokens + (examples * length + 1) / 2 * 2);
    if (form == REMASKED)
      for (int i = index; i < positions; i += threads) weights[i] = first[i];
  } else if (g.isMasked) {
    for (int i = index; i < positions; i += threads)
      if ((u32)g.masked[i / 32] >> i % 32 & 1)
        for (int view = 0; view < views; view++) zt[view * positions + i] = mask;
  }
  if (index == 0) turns[2] = g.count;
  if (index <= LAW) law[index] = g.law[index];
  for (int i = index; i <= examples; i += threads) starts[i] = g.starts[i];
  if (form == MASKS) {
    for (int i = index; i < own; i += threads) stay[i] = g.stay[i];
    for (int i = index; i < count; i += threads)
      if (i % draws >= g.count) longRows[i] = rows[i] = (i / draws + 1) * positions - 1;
    if (blockIdx.x < examples)
      listMasks(g, tokens, zt, mask, blockIdx.x % own, blockIdx.x / own, length, positions, draws, longRows, rows, u, noise);
  } else {
    for (int i = index; i < draws; i += threads) u[i] = g.u[i];
    if (form == KEPT)
      for (int i = index; i < draws; i += threads) leastRanks[i] = g.least[i];
    for (int i = index; i < count; i += threads) longRows[i] = rows[i] = g.rows[i];
  }
}

// Takes the inputs as above, and the condition c = act(w2 swish(w1 f + b1) + b2) [B, W] of features f; w1 [4 W, F], w2 [W, 4 W],
// F = W or 2 W. Blocks of 4 W threads, at least B.
extern "C" __global__ void __launch_bounds__(4 * W)
    beginStep(const unsigned char* __restrict__ from, int bytes, int slots, int* turns, double* __restrict__ law,
              double* __restrict__ u, double* __restrict__ noise, int* __restrict__ stay, int* __restrict__ leastRanks,
              double* __restrict__ weights, long* __restrict__ longRows, int* __restrict__ rows, int* __restrict__ starts,
              long* __restrict__ zt, const float* __restrict__ w1, const float* __restrict__ b1,
              const float* __restrict__ w2, const float* __restrict__ b2, bf16* __restrict__ c, int features, int examples, int length, int count,
              int draws, int views, int mask, int form, int room) {
  __shared__ float feature[2 * W], hidden[4 * W];
  letNextBegin();
  Given g = givenAt(from + (long)turns[0] * bytes, examples, views, count, examples / views * length, form, room);
  int thread = threadIdx.x;
  bool isOfExample = blockIdx.x < examples;
  if (isOfExample && thread < features) feature[thread] = g.features[blockIdx.x * features + thread];
  takeInputs(g, (const int*)(from + (long)slots * bytes), turns, law, u, noise, stay, leastRanks, weights, longRows, rows, starts, zt,
             examples, length, count, draws, views, mask, form);
  if (!isOfExample) return;
  __syncthreads();
  float sum = b1[thread];
  sum += features == W ? product<W>(w1 + thread * W, feature) : product<2 * W>(w1 + thread * 2 * W, feature);
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

// Takes the inputs of a network that computes its condition itself from features f [B, F]. Blocks of 256 threads, at least B.
extern "C" __global__ void __launch_bounds__(256)
    takeStep(const unsigned char* __restrict__ from, int bytes, int slots, int* turns, double* __restrict__ law,
             double* __restrict__ u, double* __restrict__ noise, int* __restrict__ stay, int* __restrict__ leastRanks,
             double* __restrict__ weights, long* __restrict__ longRows, int* __restrict__ rows, int* __restrict__ starts,
             long* __restrict__ zt, float* __restrict__ f, int features, int examples, int length, int count, int draws, int views,
             int mask, int form, int room) {
  Given g = givenAt(from + (long)turns[0] * bytes, examples, views, count, examples / views * length, form, room);
  takeInputs(g, (const int*)(from + (long)slots * bytes), turns, law, u, noise, stay, leastRanks, weights, longRows, rows, starts, zt,
             examples, length, count, draws, views, mask, form);
  int index = blockIdx.x * blockDim.x + threadIdx.x;
  for (int i = index; i < examples * features; i += gridDim.x * blockDim.x) f[i] = g.features[i];
}

// Lets turns go on by one, behind takeStep.
extern "C" __global__ void nextTurn(int slots, int* turns) {
  turns[1] = turns[0];
  turns[0] = (turns[0] + 1) % slots;
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

// A row of logits, mixed with one without what guides it where there is one: without + scale (with - without).
struct LogitRow {
  const bf16 *with, *without;
  float scale;
  int vocabulary;

  __device__ __forceinline__ float mixed(float own, float other) const {
    return __fadd_rn(other, __fmul_rn(__fsub_rn(own, other), scale));
  }
  __device__ __forceinline__ float at(int token) const {
    float own = low((u32)with[token]);
    return without ? mixed(own, low((u32)without[token])) : own;
  }
  // Columns from 8 pack on. Those behind the vocabulary are of the head's padding.
  __device__ __forceinline__ void read(int pack, float* x) const {
    unpack(load(with + pack * 8), x);
    if (!without) return;
    float other[8];
    unpack(load(without + pack * 8), other);
#pragma unroll
    for (int k = 0; k < 8; k++) x[k] = mixed(x[k], other[k]);
  }
};

// The sum of x over the threads of a block, in the same order each time; each of its `count` many.
template <int count>
__device__ __forceinline__ void sumOfBlock(double* x, double (*shared)[count]) {
  int lane = threadIdx.x % LANES, warp = threadIdx.x / LANES, warps = blockDim.x / LANES;
  __syncthreads();
#pragma unroll
  for (int j = 0; j < count; j++) {
    x[j] = ofWarp(x[j], [](double a, double b) { return a + b; });
    if (lane == 0) shared[warp][j] = x[j];
  }
  __syncthreads();
#pragma unroll
  for (int j = 0; j < count; j++) x[j] = 0;
  for (int w = 0; w < warps; w++)
#pragma unroll
    for (int j = 0; j < count; j++) x[j] += shared[w][j];
}

// Numbers in the order in which Java's Double.compare has the negatives of ranks: the largest rank is the first, NaN the last.
__device__ __forceinline__ long placed(double rank) {
  long bits = rank != rank ? 0x7ff8000000000000 : __double_as_longlong(-rank);
  return bits ^ (bits >> 63 & 0x7fffffffffffffff);
}

// Numbers in the order of floats: a <= b where ordered(a) <= ordered(b). -0 is 0.
__device__ __forceinline__ u32 ordered(float x) {
  u32 bits = __float_as_uint(x + 0.f);
  return bits & 0x80000000u ? ~bits : bits | 0x80000000u;
}

#define DIGIT 3  // bits of the bound that a pass over the row decides
#define SHARES ((1 << DIGIT) - 1)

// The least of the numbers that stay of a row where the likeliest tokens stay up to a bound: all that tie with the last of the
// first `most` tokens, or, where `most` is 0, with the first that makes their mass at least `share` of the mass of all. Of tokens
// below `least`, none counts. It is the largest number such that what is at least as large reaches the bound: 0, where all do not.
// Each pass parts the interval in which it is, and sums the weights of what is at least as large as the beginnings of the parts.
__device__ __noinline__ u32
    leastThatStays(const LogitRow row, float top, double temperature, u32 least, double most, double share) {
  __shared__ double shared[32][SHARES];
  int packs = (row.vocabulary + 7) / 8;
  bool isCount = most > 0;
  double bound = most, beyond = 0;  // the weight of what is behind the interval
  u32 from = 0;
  // Numbers of bfloat16 that are different are so in the upper 16 bits.
  for (int bits = 32; bits > (row.without ? 0 : 16);) {
    bool isFirst = bits == 32;
    int digit = bits % DIGIT ? bits % DIGIT : DIGIT, parts = 1 << digit;
    bits -= digit;
    double above[SHARES] = {}, all[1] = {};
    for (int p = threadIdx.x; p < packs; p += blockDim.x) {
      float x[8];
      row.read(p, x);
#pragma unroll
      for (int k = 0; k < 8; k++) {
        u32 number = ordered(x[k]), part = (number - from) >> bits;
        if (p * 8 + k >= row.vocabulary || number < max(from, least) || part >= parts) continue;
        double weight = isCount ? 1.0 : exponential(x[k], top, temperature);
        if (isFirst) all[0] += weight;
#pragma unroll
        for (int j = 0; j < SHARES; j++) above[j] += part > j ? weight : 0.0;
      }
    }
    sumOfBlock<SHARES>(above, shared);
    if (isFirst && !isCount) {
      sumOfBlock<1>(all, (double(*)[1])shared);
      bound = share * all[0];
    }
    int taken = 0;
    double behind = beyond;
#pragma unroll
    for (int j = SHARES - 1; j >= 0; j--)
      if (j < parts - 1 && taken == 0) {
        if (beyond + above[j] >= bound) taken = j + 1;
        else behind = beyond + above[j];
      }
    beyond = behind;
    from += (u32)taken << bits;
  }
  return max(from, least);
}

// One draw a row from the softmax of its logits [views R, stride] by a temperature and cut, over the first `vocabulary` columns, by
// inversion in double: the token whose part of [0, 1) contains u, or the likeliest where u is negative, or where the law's
// probabilities are told at the temperature 0, which are then those of 1; -1 where the distribution is NaN. drawn [slots, 3,
// capacity] is the host's, capacity = R: tokens, their probabilities, confidences: 0 the probability, 1 the margin between the two
// likeliest, 2 the negative entropy. Tokens of asked rows are put into zt, too, in each view; where the surest stay, they and the
// ranks by which they do are kept for keepSurest, and where some are masked again, the probabilities of those that are revealed, or
// -1, for maskAgain. tokenRanks [V]. A block takes a row; each of its threads, packs of 8 columns next to each other.
extern "C" __global__ void __launch_bounds__(1024)
    drawTokens(const bf16* __restrict__ logits, const double* __restrict__ law, const double* __restrict__ u, double* __restrict__ drawn, int vocabulary,
               int stride, int capacity, int views, int confidence, const int* turns, const int* __restrict__ rows,
               long* __restrict__ zt, int form, const double* __restrict__ noise, long* __restrict__ ranks, int* __restrict__ tokens,
               const int* __restrict__ tokenRanks, const int* __restrict__ leastRanks, double* __restrict__ revealed) {
  __shared__ Top tops[32];
  __shared__ double sums[32], toldSums[32], entropies[32];
  __shared__ int chosen;
  awaitEarlier();
  letNextBegin();
  int row = blockIdx.x, thread = threadIdx.x, lane = thread % LANES, warp = thread / LANES, warps = blockDim.x / LANES;
  if (row >= turns[2]) return;  // nobody asks for it
  const bf16* shown = logits + (long)row * stride;
  LogitRow of = {shown, views > 1 ? shown + (long)capacity * stride : nullptr, (float)law[2], vocabulary};
  int packs = (vocabulary + 7) / 8, each = (packs + blockDim.x - 1) / blockDim.x;
  int first = min(packs, thread * each), end = min(packs, first + each);
  Top top = {LOWEST, LOWEST, vocabulary, 0};
  for (int p = thread; p < packs; p += blockDim.x) {
    float x[8];
    of.read(p, x);
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
  u32 least = 0;  // the least number that the law leaves
  for (int c = 0; c < CUTS; c++) {
    double most = law[3 + 2 * c], share = law[4 + 2 * c];
    if (most > 0 || share < 1) least = leastThatStays(of, top.first, temperature, least, most, share);
  }
  bool isSame = isOfLaw || (temperature == told && least == 0);
  u32 leastTold = isOfLaw ? least : 0;
  double sum = 0, toldSum = 0, entropy = 0;
  for (int p = first; p < end; p++) {
    float x[8];
    of.read(p, x);
#pragma unroll
    for (int k = 0; k < 8; k++)
      if (p * 8 + k < vocabulary) {
        double e = ordered(x[k]) >= least ? exponential(x[k], top.first, temperature) : 0.0;
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
      of.read(p, x);
#pragma unroll
      for (int k = 0; k < 8; k++)
        if (p * 8 + k < vocabulary && token < 0) {
          double e = ordered(x[k]) >= least ? exponential(x[k], top.first, temperature) : 0.0;
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
    double probability = exponential(of.at(token), top.first, told) / toldTotal, value = probability;
    double second = ordered(top.second) >= leastTold ? exponential(top.second, top.first, told) : 0.0;
    if (confidence == 1) value = (1.0 - second) / toldTotal;
    if (confidence == 2) value = entropy / toldTotal - log(toldTotal);
    drawn += (long)turns[1] * 3 * capacity;
    if (form == MASKS) {
      // As the host computes it, to the bit.
      ranks[row] = placed(__dadd_rn(__ddiv_rn(value, law[LAW]), noise[row]));
      tokens[row] = token;
    } else {
      bool stays = form == GIVEN || zt[rows[row]] == vocabulary;  // which is the mask
      if (form == KEPT) stays &= tokenRanks[token] >= leastRanks[row];
      if (stays)
        for (int view = 0; view < views; view++) zt[rows[view * capacity + row]] = token;
      if (form == REMASKED) revealed[row] = stays ? probability : -1;
    }
    drawn[row] = top.isNan || !(total > 0) ? -1 : token;
    drawn[capacity + row] = probability;
    drawn[2 * capacity + row] = value;
  }
}

// Puts the tokens of each example's first ranks into zt, in each view, as many as `stay` says; of equal ranks those of the first
// rows. ranks [R] are numbers in the order in which rows are chosen. A thread takes a row; `parts` blocks of 256, an example.
extern "C" __global__ void __launch_bounds__(256)
    keepSurest(const long* __restrict__ ranks, const int* __restrict__ tokens, const int* __restrict__ rows,
               const int* __restrict__ starts, const int* __restrict__ stay, const int* turns, long* __restrict__ zt, int parts,
               int draws, int views) {
  __shared__ long others[256];
  awaitEarlier();
  letNextBegin();
  int example = blockIdx.x / parts, thread = threadIdx.x;
  int first = starts[example], end = min(starts[example + 1], turns[2]), from = first + blockIdx.x % parts * 256, row = from + thread;
  if (from >= end) return;
  long own = row < end ? ranks[row] : 0;
  int before = 0;
  for (int other = first; other < end; other += 256) {
    int count = min(256, end - other);
    __syncthreads();
    if (thread < count) others[thread] = ranks[other + thread];
    __syncthreads();
    for (int j = 0; j < count; j++) before += others[j] < own || (others[j] == own && other + j < row);
  }
  if (row < end && before < stay[example])
    for (int view = 0; view < views; view++) zt[rows[view * draws + row]] = tokens[row];
}

// e^x of x in [-1.03, 0], as Java's StrictMath computes it, to the bit (fdlibm; no sum is joined with a product).
__device__ __forceinline__ double strictExponential(double x) {
  if (!(x <= -0x1p-28)) return __dadd_rn(1.0, x);
  bool isHalved = __double2hiint(-x) > 0x3fd62e42;  // below -0.5 ln 2
  double high = isHalved ? __dadd_rn(x, 0x1.62e42feep-1) : x, low = isHalved ? -0x1.a39ef35793c76p-33 : 0.0;
  if (isHalved) x = __dsub_rn(high, low);
  double t = __dmul_rn(x, x), c = __dmul_rn(t, 0x1.6376972bea4d0p-25);
  c = __dmul_rn(t, __dadd_rn(-0x1.bbd41c5d26bf1p-20, c));
  c = __dmul_rn(t, __dadd_rn(0x1.1566aaf25de2cp-14, c));
  c = __dmul_rn(t, __dadd_rn(-0x1.6c16c16bebd93p-9, c));
  c = __dsub_rn(x, __dmul_rn(t, __dadd_rn(0x1.555555555553ep-3, c)));
  double product = __dmul_rn(x, c);
  if (!isHalved) return __dsub_rn(1.0, __dsub_rn(__ddiv_rn(product, __dsub_rn(c, 2.0)), x));
  double y = __dsub_rn(1.0, __dsub_rn(__dsub_rn(low, __ddiv_rn(product, __dsub_rn(2.0, c))), high));
  return __dmul_rn(y, 0.5);
}

// Masks tokens again, in each view, and keeps w; a warp takes an example. Sums are in the host's order: of each 32nd position, and
// then of these 32 sums.
extern "C" __global__ void __launch_bounds__(LANES)
    maskAgain(const unsigned char* __restrict__ from, int bytes, double* weights, const double* __restrict__ revealed,
              const int* __restrict__ rows, const int* turns, long* __restrict__ zt, int own, int length, int count, int views,
              int mask, int room) {
  awaitEarlier();
  letNextBegin();
  int example = blockIdx.x, lane = threadIdx.x, positions = own * length, first = example * length;
  Given g = givenAt(from + (long)turns[1] * bytes, views * own, views, count, positions, REMASKED, room);
  int entry = g.againStarts[example], end = g.againStarts[example + 1];
  for (int round = 0; round == 0 || entry < end; round++) {
    double sum = 0;
    for (int n = lane; n < length; n += LANES) sum = __dadd_rn(sum, weights[first + n]);
    double all = 0;
    for (int other = 0; other < LANES; other++) all = __dadd_rn(all, __shfl_sync(~0u, sum, other));
    int behind = entry;
    for (int found = LANES; found == LANES; behind += found) {
      int i = behind + lane;
      found = __popc(__ballot_sync(~0u, i < end && g.rounds[i] == round));  // rounds ascend
    }
    __syncwarp();
    for (int i = entry + lane; i < behind; i += LANES) {
      int n = first + g.again[i];
      double sigma = all == 0 ? 0.0 : __ddiv_rn(__dmul_rn(g.shares[i], weights[n]), all);
      if (g.limits[i] < sigma) {
        for (int view = 0; view < views; view++) zt[view * positions + n] = mask;
        weights[n] = 0;
      }
    }
    __syncwarp();  // what is revealed may be among the entries
    entry = behind;
    int last = min(g.starts[example + 1], g.count);
    if (round == 0)
      for (int row = g.starts[example] + lane; row < last; row += LANES)
        if (!(revealed[row] < 0)) weights[rows[row]] = strictExponential(-revealed[row]);
    __syncwarp();
  }
}
