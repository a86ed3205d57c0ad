// The kernels between the convolutions of a UNet: group normalisation with swish and dropout, and residual addition.
// NVRTC compiles them when a network is built, with this constant:
//   WIDE   1 if the residual stream and its gradient are float32, 0 if bfloat16
// A map is [B, pixels, C], C a multiple of 32 and at most 2048. Inputs and outputs of convolutions are bfloat16, sums
// are float32. There are 32 groups of C / 32 channels. `splits` blocks share the pixels of an example. Each thread
// works on 8 channels. Each kernel reads every map once.
// The input of a norm is one map, or two side by side: the channels of the first, `left` many, are followed by those
// of the second. Of one map, `left` is C and the second is null.

typedef unsigned int u32;
typedef unsigned short bf16;
typedef unsigned long long u64;

#define THREADS 256
#define GROUPS 32
#define WIDEST 2048

// The pixels that a thread asks memory for at once: 64 bytes of one map, or 32 of each of two and more.
#define AHEAD (64 / (8 * (int)sizeof(T)))
#define AHEAD_BACK (AHEAD / 2)

struct Eight { float x[8]; };

// Eight numbers as they lie in memory.
template <typename T> struct Raw;
template <> struct Raw<bf16> { uint4 words; };
template <> struct Raw<float> { float4 low, high; };

__device__ __forceinline__ Raw<bf16> raw(const bf16* from) { return {*(const uint4*)from}; }

__device__ __forceinline__ Raw<float> raw(const float* from) {
  return {*(const float4*)from, *(const float4*)(from + 4)};
}

__device__ __forceinline__ Eight eight(const Raw<bf16>& raw) {
  u32 word[4] = {raw.words.x, raw.words.y, raw.words.z, raw.words.w};
  Eight result;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    result.x[2 * i] = __uint_as_float(word[i] << 16);
    result.x[2 * i + 1] = __uint_as_float(word[i] & 0xffff0000u);
  }
  return result;
}

__device__ __forceinline__ Eight eight(const Raw<float>& raw) {
  return {{raw.low.x, raw.low.y, raw.low.z, raw.low.w, raw.high.x, raw.high.y, raw.high.z, raw.high.w}};
}

template <typename T> __device__ __forceinline__ Eight fetch(const T* from) { return eight(raw(from)); }

__device__ __forceinline__ void add(Eight& sum, const Eight& more) {
#pragma unroll
  for (int k = 0; k < 8; k++) sum.x[k] += more.x[k];
}

__device__ __forceinline__ u32 packed(float low, float high) {
  u32 word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

__device__ __forceinline__ void put(bf16* to, const Eight& e) {
  *(uint4*)to = make_uint4(packed(e.x[0], e.x[1]), packed(e.x[2], e.x[3]), packed(e.x[4], e.x[5]),
                           packed(e.x[6], e.x[7]));
}

__device__ __forceinline__ void put(float* to, const Eight& e) {
  *(float4*)to = make_float4(e.x[0], e.x[1], e.x[2], e.x[3]);
  *(float4*)(to + 4) = make_float4(e.x[4], e.x[5], e.x[6], e.x[7]);
}

// A thread's share of the work: 8 channels at every rows-th pixel of its block's pixels.
struct Share {
  int example, split, channel, row, rows, first, end;
  bool works;
};

__device__ __forceinline__ Share share(int splits, int pixels, int channels) {
  Share s;
  int octets = channels / 8;
  s.example = blockIdx.x / splits;
  s.split = blockIdx.x % splits;
  s.rows = THREADS / octets;
  s.row = threadIdx.x / octets;
  s.channel = threadIdx.x % octets * 8;
  s.first = (int)((long)pixels * s.split / splits) + s.row;
  s.end = (int)((long)pixels * (s.split + 1) / splits);
  s.works = s.row < s.rows;
  return s;
}

// A channel of an example in one of two maps side by side: its first pixel, and the distance to the next.
template <typename T> struct Column {
  T* at;
  int stride;

  __device__ __forceinline__ Column(T* first, T* second, int left, int example, int pixels, int channels, int channel) {
    bool isLeft = channel < left;
    stride = isLeft ? left : channels - left;
    at = (isLeft ? first : second);
    if (at) at += (long)example * pixels * stride + (isLeft ? channel : channel - left);
  }

  __device__ __forceinline__ T* pixel(int p) const { return at + (long)p * stride; }
};

// Several pixels of a thread, asked for before the first is used: a store in between might change what is read.
template <typename T, int COUNT> struct Pixels {
  Raw<T> raw[COUNT];

  template <typename Of> __device__ __forceinline__ void ask(const Column<Of>& from, const Share& s, int p) {
#pragma unroll
    for (int i = 0; i < COUNT; i++)
      if (p + i * s.rows < s.end) raw[i] = ::raw(from.pixel(p + i * s.rows));
  }

  __device__ __forceinline__ Eight operator[](int i) const { return eight(raw[i]); }
};

// Writes the block's sums by quantity and channel to partials [B, splits, QUANTITIES, C].
template <int QUANTITIES>
__device__ __forceinline__ void writeSums(const Share& s, Eight* sums, int splits, int channels, float* partials) {
  __shared__ float shared[THREADS * 8];
#pragma unroll
  for (int q = 0; q < QUANTITIES; q++) {
    if (s.works)
#pragma unroll
      for (int k = 0; k < 8; k++) shared[s.row * channels + s.channel + k] = sums[q].x[k];
    __syncthreads();
    for (int c = threadIdx.x; c < channels; c += THREADS) {
      float sum = 0.f;
      for (int r = 0; r < s.rows; r++) sum += shared[r * channels + c];
      partials[(((long)s.example * splits + s.split) * QUANTITIES + q) * channels + c] = sum;
    }
    __syncthreads();
  }
}

// Returns the sum over all blocks of an example.
template <int QUANTITIES>
__device__ __forceinline__ float total(const float* partials, int example, int splits, int quantity, int channels,
                                       int c) {
  float sum = 0.f;
  for (int s = 0; s < splits; s++)
    sum += partials[(((long)example * splits + s) * QUANTITIES + quantity) * channels + c];
  return sum;
}

// Sums each channel's distances from its first pixel, and their squares.
template <typename T>
__device__ __forceinline__ void moments(const T* first, const T* beside, int left, float* partials, int splits,
                                        int pixels, int channels) {
  Share s = share(splits, pixels, channels);
  Eight sums[2] = {};
  if (s.works) {
    Column<const T> from(first, beside, left, s.example, pixels, channels, s.channel);
    Eight pivot = fetch(from.at);
    for (int p = s.first; p < s.end; p += AHEAD * s.rows) {
      Pixels<T, AHEAD> x;
      x.ask(from, s, p);
#pragma unroll
      for (int i = 0; i < AHEAD; i++) {
        if (p + i * s.rows >= s.end) break;
        Eight v = x[i];
#pragma unroll
        for (int k = 0; k < 8; k++) {
          float distance = v.x[k] - pivot.x[k];
          sums[0].x[k] += distance;
          sums[1].x[k] += distance * distance;
        }
      }
    }
  }
  writeSums<2>(s, sums, splits, channels, partials);
}

__device__ __forceinline__ float number(const bf16* x) { return __uint_as_float((u32)*x << 16); }
__device__ __forceinline__ float number(const float* x) { return *x; }

// A norm's scale and shift, [C] or [B, C] (stride 0 or C), and the bias added to the map before the norm, or null.
struct Norm {
  const float *scale, *shift, *bias;
  int normStride, biasStride;
};

// Returns the index-th number of a seed (SplitMix64).
__device__ __forceinline__ u64 mixed(u64 seed, u64 index) {
  u64 z = seed + (index + 1) * 0x9e3779b97f4a7c15ULL;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

// Scales 8 numbers, the octet-th of a map, by 0 or 1 / (1 - threshold / 65536).
__device__ __forceinline__ void drop(Eight& e, u64 seed, u64 octet, u32 threshold) {
  if (threshold == 0) return;
  float kept = 65536.f / (65536 - threshold);
#pragma unroll
  for (int half = 0; half < 2; half++) {
    u64 bits = mixed(seed, 2 * octet + half);
#pragma unroll
    for (int k = 0; k < 4; k++) e.x[4 * half + k] *= (u32)(bits >> (16 * k) & 0xffff) < threshold ? 0.f : kept;
  }
}

__device__ __forceinline__ float sigmoid(float x) { return __fdividef(1.f, 1.f + __expf(-x)); }

// a <- dropout(swish(norm(x + bias))); writes mean and 1 / deviation of each group to moments [B, 32].
template <typename T>
__device__ __forceinline__ void normActivate(const T* x, const T* beside, int left, const float* partials, Norm norm,
                                             bf16* a, float2* moments, u64 seed, u32 threshold, float epsilon,
                                             int splits, int pixels, int channels) {
  __shared__ float means[WIDEST], squares[WIDEST];  // by channel; later factor and offset
  __shared__ float2 ofGroup[GROUPS];
  Share s = share(splits, pixels, channels);
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    float sum = total<2>(partials, s.example, splits, 0, channels, c);
    float bias = norm.bias ? norm.bias[(long)s.example * norm.biasStride + c] : 0.f;
    Column<const T> from(x, beside, left, s.example, pixels, channels, c);
    means[c] = number(from.at) + bias + sum / pixels;
    squares[c] = total<2>(partials, s.example, splits, 1, channels, c) - sum * sum / pixels;
  }
  __syncthreads();
  int size = channels / GROUPS;
  if (threadIdx.x < GROUPS) {
    int first = threadIdx.x * size;
    float mean = 0.f, all = 0.f;
    for (int c = first; c < first + size; c++) mean += means[c];
    mean /= size;
    for (int c = first; c < first + size; c++) {
      float distance = means[c] - mean;
      all += squares[c] + pixels * distance * distance;
    }
    float2 found = make_float2(mean, rsqrtf(all / ((float)pixels * size) + epsilon));
    ofGroup[threadIdx.x] = found;
    if (s.split == 0) moments[s.example * GROUPS + threadIdx.x] = found;
  }
  __syncthreads();
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    float2 m = ofGroup[c / size];
    float bias = norm.bias ? norm.bias[(long)s.example * norm.biasStride + c] : 0.f;
    float factor = m.y * norm.scale[(long)s.example * norm.normStride + c];
    means[c] = factor;
    squares[c] = (bias - m.x) * factor + norm.shift[(long)s.example * norm.normStride + c];
  }
  __syncthreads();
  if (!s.works) return;
  Column<const T> from(x, beside, left, s.example, pixels, channels, s.channel);
  float factor[8], offset[8];
#pragma unroll
  for (int k = 0; k < 8; k++) {
    factor[k] = means[s.channel + k];
    offset[k] = squares[s.channel + k];
  }
  for (int p = s.first; p < s.end; p += AHEAD * s.rows) {
    Pixels<T, AHEAD> ofX;
    ofX.ask(from, s, p);
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      int q = p + i * s.rows;
      if (q >= s.end) break;
      Eight v = ofX[i];
#pragma unroll
      for (int k = 0; k < 8; k++) {
        float z = v.x[k] * factor[k] + offset[k];
        v.x[k] = z * sigmoid(z);
      }
      long at = ((long)s.example * pixels + q) * channels + s.channel;
      drop(v, seed, at / 8, threshold);
      put(a + at, v);
    }
  }
}

// The norm of a thread's 8 channels as a factor and an offset.
struct Octet {
  float factor[8], offset[8];

  __device__ __forceinline__ Octet(const Share& s, const Norm& norm, const float2* moments, int channels) {
#pragma unroll
    for (int k = 0; k < 8; k++) {
      int c = s.channel + k;
      float2 m = moments[s.example * GROUPS + c / (channels / GROUPS)];
      factor[k] = m.y * norm.scale[(long)s.example * norm.normStride + c];
      offset[k] = norm.shift[(long)s.example * norm.normStride + c] - mean(s, norm, moments, channels, k) * factor[k];
    }
  }

  // Returns what a channel's mean is taken from: the mean of its group without the channel's bias.
  static __device__ __forceinline__ float mean(const Share& s, const Norm& norm, const float2* moments, int channels,
                                               int k) {
    int c = s.channel + k;
    float bias = norm.bias ? norm.bias[(long)s.example * norm.biasStride + c] : 0.f;
    return moments[s.example * GROUPS + c / (channels / GROUPS)].x - bias;
  }

  // Replaces d, the gradient by the activation of the norm of x, by that by the norm.
  __device__ __forceinline__ void through(const Eight& x, Eight& d) const {
#pragma unroll
    for (int k = 0; k < 8; k++) {
      float z = x.x[k] * factor[k] + offset[k], s = sigmoid(z);
      d.x[k] *= s * (1.f + z * (1.f - s));
    }
  }
};

// a <- dropout(swish(norm(x + bias))) again, to the bit, of the moments that are known.
template <typename T>
__device__ __forceinline__ void activateAgain(const T* x, const T* beside, int left, const float2* moments, Norm norm,
                                              bf16* a, u64 seed, u32 threshold, int splits, int pixels, int channels) {
  Share s = share(splits, pixels, channels);
  if (!s.works) return;
  Octet octet(s, norm, moments, channels);
  Column<const T> from(x, beside, left, s.example, pixels, channels, s.channel);
  for (int p = s.first; p < s.end; p += AHEAD * s.rows) {
    Pixels<T, AHEAD> ofX;
    ofX.ask(from, s, p);
#pragma unroll
    for (int i = 0; i < AHEAD; i++) {
      int q = p + i * s.rows;
      if (q >= s.end) break;
      Eight v = ofX[i];
#pragma unroll
      for (int k = 0; k < 8; k++) {
        float z = v.x[k] * octet.factor[k] + octet.offset[k];
        v.x[k] = z * sigmoid(z);
      }
      long at = ((long)s.example * pixels + q) * channels + s.channel;
      drop(v, seed, at / 8, threshold);
      put(a + at, v);
    }
  }
}

// Sums over an example's pixels, by channel: the gradient d by norm(x), d n with n the normalised x, and n.
template <typename T>
__device__ __forceinline__ void backwardSums(const bf16* da, const T* x, const T* beside, int left,
                                             const float2* moments, Norm norm, float* partials, u64 seed,
                                             u32 threshold, int splits, int pixels, int channels) {
  Share s = share(splits, pixels, channels);
  Eight sums[3] = {};
  if (s.works) {
    Octet octet(s, norm, moments, channels);
    float mean[8];
#pragma unroll
    for (int k = 0; k < 8; k++) mean[k] = Octet::mean(s, norm, moments, channels, k);
    Column<const T> from(x, beside, left, s.example, pixels, channels, s.channel);
    Column<const bf16> by(da, nullptr, channels, s.example, pixels, channels, s.channel);
    for (int p = s.first; p < s.end; p += AHEAD_BACK * s.rows) {
      Pixels<bf16, AHEAD_BACK> ofA;
      Pixels<T, AHEAD_BACK> ofX;
      ofA.ask(by, s, p);
      ofX.ask(from, s, p);
#pragma unroll
      for (int i = 0; i < AHEAD_BACK; i++) {
        int q = p + i * s.rows;
        if (q >= s.end) break;
        Eight d = ofA[i], v = ofX[i];
        drop(d, seed, (by.pixel(q) - da) / 8, threshold);
        octet.through(v, d);
#pragma unroll
        for (int k = 0; k < 8; k++) {
          float distance = v.x[k] - mean[k];
          sums[0].x[k] += d.x[k];
          sums[1].x[k] += d.x[k] * distance;
          sums[2].x[k] += distance;
        }
      }
    }
#pragma unroll
    for (int k = 0; k < 8; k++) {
      float rstd = moments[s.example * GROUPS + (s.channel + k) / (channels / GROUPS)].y;
      sums[1].x[k] *= rstd;
      sums[2].x[k] *= rstd;
    }
  }
  writeSums<3>(s, sums, splits, channels, partials);
}

// The parts of the gradient by a map that are known, each null or of the map's type, and where all of it goes: it may
// be one of them, or the array of the gradient by the output.
template <typename T> struct Gradient {
  const T *known, *more;
  T* dx;
};

// The backward of normActivate: dx <- known parts + gradient by x. Writes the gradients by scale, shift and bias of
// each example to dnorm [3, B, C].
template <typename T>
__device__ __forceinline__ void normActivateBackward(const bf16* da, const T* x, const T* beside, int left,
                                                     const float2* moments, Norm norm, const float* partials,
                                                     Gradient<T> ofX, Gradient<T> ofBeside, float* dnorm, u64 seed,
                                                     u32 threshold, int splits, int pixels, int channels) {
  __shared__ float sums[WIDEST], products[WIDEST];
  __shared__ float2 ofGroup[GROUPS];
  Share s = share(splits, pixels, channels);
  int size = channels / GROUPS;
  for (int c = threadIdx.x; c < channels; c += THREADS) {
    float scale = norm.scale[(long)s.example * norm.normStride + c];
    sums[c] = scale * total<3>(partials, s.example, splits, 0, channels, c);
    products[c] = scale * total<3>(partials, s.example, splits, 1, channels, c);
  }
  __syncthreads();
  if (threadIdx.x < GROUPS) {
    float sum = 0.f, product = 0.f;
    for (int c = threadIdx.x * size; c < (threadIdx.x + 1) * size; c++) {
      sum += sums[c];
      product += products[c];
    }
    ofGroup[threadIdx.x] = make_float2(sum / ((float)pixels * size), product / ((float)pixels * size));
  }
  __syncthreads();
  if (s.split == 0) {
    long example = (long)s.example * channels, all = (long)(gridDim.x / splits) * channels;
    for (int c = threadIdx.x; c < channels; c += THREADS) {
      float2 mean = ofGroup[c / size];
      dnorm[example + c] = total<3>(partials, s.example, splits, 1, channels, c);
      dnorm[all + example + c] = total<3>(partials, s.example, splits, 0, channels, c);
      dnorm[2 * all + example + c] =
          moments[s.example * GROUPS + c / size].y *
          (sums[c] - pixels * mean.x - mean.y * total<3>(partials, s.example, splits, 2, channels, c));
    }
  }
  if (!s.works) return;
  // dx = rstd (scale d - sum - n product), n = (x - mean) rstd, is factor d - slope x - base.
  Octet octet(s, norm, moments, channels);
  float slope[8], base[8];
#pragma unroll
  for (int k = 0; k < 8; k++) {
    int group = (s.channel + k) / size;
    float2 mean = ofGroup[group];
    float rstd = moments[s.example * GROUPS + group].y;
    slope[k] = rstd * rstd * mean.y;
    base[k] = rstd * mean.x - Octet::mean(s, norm, moments, channels, k) * slope[k];
  }
  Column<const T> from(x, beside, left, s.example, pixels, channels, s.channel);
  Column<const T> known(ofX.known, ofBeside.known, left, s.example, pixels, channels, s.channel);
  Column<const T> more(ofX.more, ofBeside.more, left, s.example, pixels, channels, s.channel);
  Column<T> to(ofX.dx, ofBeside.dx, left, s.example, pixels, channels, s.channel);
  Column<const bf16> by(da, nullptr, channels, s.example, pixels, channels, s.channel);
  for (int p = s.first; p < s.end; p += AHEAD_BACK * s.rows) {
    Pixels<bf16, AHEAD_BACK> ofA;
    Pixels<T, AHEAD_BACK> values, parts, otherParts;
    ofA.ask(by, s, p);
    values.ask(from, s, p);
    if (known.at) parts.ask(known, s, p);
    if (more.at) otherParts.ask(more, s, p);
#pragma unroll
    for (int i = 0; i < AHEAD_BACK; i++) {
      int q = p + i * s.rows;
      if (q >= s.end) break;
      Eight d = ofA[i], v = values[i], result = {};
      drop(d, seed, (by.pixel(q) - da) / 8, threshold);
      octet.through(v, d);
#pragma unroll
      for (int k = 0; k < 8; k++) result.x[k] = octet.factor[k] * d.x[k] - slope[k] * v.x[k] - base[k];
      if (known.at) add(result, parts[i]);
      if (more.at) add(result, otherParts[i]);
      put(to.pixel(q), result);
    }
  }
}

// Sums the channels of a map.
template <typename T>
__device__ __forceinline__ void sums(const T* x, float* partials, int splits, int pixels, int channels) {
  Share s = share(splits, pixels, channels);
  Eight sum[1] = {};
  if (s.works) {
    Column<const T> from(x, nullptr, channels, s.example, pixels, channels, s.channel);
    for (int p = s.first; p < s.end; p += AHEAD * s.rows) {
      Pixels<T, AHEAD> values;
      values.ask(from, s, p);
#pragma unroll
      for (int i = 0; i < AHEAD; i++)
        if (p + i * s.rows < s.end) add(sum[0], values[i]);
    }
  }
  writeSums<1>(s, sum, splits, channels, partials);
}

#if WIDE
typedef float stream;
#else
typedef bf16 stream;
#endif

#define KERNEL extern "C" __global__ void __launch_bounds__(THREADS)
#define KERNELS(T, Of)                                                                                               \
  KERNEL moments##Of(const T* x, const T* beside, int left, float* partials, int splits, int pixels, int channels) { \
    moments(x, beside, left, partials, splits, pixels, channels);                                                    \
  }                                                                                                                  \
  KERNEL normActivate##Of(const T* x, const T* beside, int left, const float* partials, const float* scale,          \
                          const float* shift, const float* bias, int normStride, int biasStride, bf16* a,            \
                          float2* groups, u64 seed, u32 threshold, float epsilon, int splits, int pixels,            \
                          int channels) {                                                                            \
    normActivate(x, beside, left, partials, {scale, shift, bias, normStride, biasStride}, a, groups, seed, threshold,\
                 epsilon, splits, pixels, channels);                                                                 \
  }                                                                                                                  \
  KERNEL activateAgain##Of(const T* x, const T* beside, int left, const float2* groups, const float* scale,            \
                           const float* shift, const float* bias, int normStride, int biasStride, bf16* a, u64 seed, \
                           u32 threshold, int splits, int pixels, int channels) {                                    \
    activateAgain(x, beside, left, groups, {scale, shift, bias, normStride, biasStride}, a, seed, threshold, splits, \
                  pixels, channels);                                                                                 \
  }                                                                                                                  \
  KERNEL backwardSums##Of(const bf16* da, const T* x, const T* beside, int left, const float2* groups,               \
                          const float* scale, const float* shift, const float* bias, int normStride, int biasStride, \
                          float* partials, u64 seed, u32 threshold, int splits, int pixels, int channels) {          \
    backwardSums(da, x, beside, left, groups, {scale, shift, bias, normStride, biasStride}, partials, seed, threshold,\
                 splits, pixels, channels);                                                                          \
  }                                                                                                                  \
  KERNEL normActivateBackward##Of(const bf16* da, const T* x, const T* beside, int left, const float2* groups,       \
                                  const float* scale, const float* shift, const float* bias, int normStride,         \
                                  int biasStride, const float* partials, const T* known, const T* more, T* dx,       \
                                  const T* knownBeside, const T* moreBeside, T* dxBeside, float* dnorm, u64 seed,    \
                                  u32 threshold, int splits, int pixels, int channels) {                             \
    normActivateBackward(da, x, beside, left, groups, {scale, shift, bias, normStride, biasStride}, partials,        \
                         {known, more, dx}, {knownBeside, moreBeside, dxBeside}, dnorm, seed, threshold, splits,     \
                         pixels, channels);                                                                          \
  }

KERNELS(stream, OfStream)
KERNELS(bf16, OfMap)

// Moments and norm in one launch: the blocks of an example are a cluster and wait for each other's sums. For few examples, of which
// a launch takes longer than what it does.
#if __CUDA_ARCH__ >= 900
#define CLUSTER 8
#define AT_ONCE(T, Of)                                                                                               \
  extern "C" __global__ void __cluster_dims__(CLUSTER, 1, 1) __launch_bounds__(THREADS)                              \
      normActivateAtOnce##Of(const T* x, const T* beside, int left, float* partials, const float* scale,             \
                             const float* shift, const float* bias, int normStride, int biasStride, bf16* a,         \
                             float2* groups, u64 seed, u32 threshold, float epsilon, int splits, int pixels,         \
                             int channels) {                                                                         \
    moments(x, beside, left, partials, splits, pixels, channels);                                                    \
    asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");     \
    normActivate(x, beside, left, partials, {scale, shift, bias, normStride, biasStride}, a, groups, seed, threshold,\
                 epsilon, splits, pixels, channels);                                                                 \
  }
AT_ONCE(stream, OfStream)
AT_ONCE(bf16, OfMap)
#endif

KERNEL sumsOfStream(const stream* x, float* partials, int splits, int pixels, int channels) {
  sums(x, partials, splits, pixels, channels);
}

// out <- x + y + bias over 8 * octets numbers; out may be the array of x or y.
KERNEL addResidual(const stream* x, const bf16* y, const float* bias, stream* out, int channels, long octets) {
  long octet = blockIdx.x * (long)THREADS + threadIdx.x;
  if (octet >= octets) return;
  Eight sum = fetch(x + octet * 8), more = fetch(y + octet * 8);
  int channel = (int)(octet % (channels / 8)) * 8;
#pragma unroll
  for (int k = 0; k < 8; k++) sum.x[k] += more.x[k] + bias[channel + k];
  put(out + octet * 8, sum);
}

// The sums of rows, up to three times `count` of them, [3, count, C], each to an array [C] or, if that is null, nowhere.
// Three blocks for 32 channels, one for each sum.
#define ROWS 32
extern "C" __global__ void __launch_bounds__(32 * ROWS)
    sumOverRows(const float* rows, float* first, float* second, float* third, int count, int channels) {
  __shared__ float sums[ROWS][32];
  int quantity = blockIdx.x % 3, lane = threadIdx.x % 32, row = threadIdx.x / 32, c = blockIdx.x / 3 * 32 + lane;
  float* to = quantity == 0 ? first : quantity == 1 ? second : third;
  if (!to) return;
  float sum = 0.f;
#pragma unroll 4
  for (int i = row; i < count; i += ROWS) sum += rows[((long)quantity * count + i) * channels + c];
  sums[row][lane] = sum;
  __syncthreads();
  if (row > 0) return;
  for (int r = 1; r < ROWS; r++) sum += sums[r][lane];
  to[c] = sum;
}
