// What the convolutions of 3 x 3 pixels on Hopper's tensor cores (sm_90a) share, which have the norm and the swish in front of them
// and what follows them in one kernel: convolve-few.cu and convolve-many.cu. NVRTC compiles this behind attention.cu, of which it
// uses the copies and the tensor cores, and in front of one of the two.
//
// A map is [B, H, W, C] in bfloat16, C a multiple of 64. Its channels are normalised in 32 groups, so the sum over a group's values
// has to be known before a convolution reads the first of them. Who writes a map writes its moments beside it: for each strip of
// 2 x 8 pixels and each unit of 2, 4 or 8 channels of a group, the mean and the sum of squared distances from it, float2
// [B, C / unit, strips], the four strips of a tile of 8 x 8 pixels next to each other. The next convolution puts them together.
//
// A block reads its input, normalised, with a border of one pixel, as planes of 8 channels: a filter's nine places are then nine
// places in the same planes to begin a product at. Filters are laid out as products read them, and asked for before the kernel in
// front has ended; kernels are launched with programmatic dependencies, and let the next begin before they have waited themselves:
// what comes next may read nothing but weights before it waits. A sum is added up in one order: results are the same bit
// for bit in each run.

#define GROUPS 32
#define THREADS (2 * GROUP)
#define SIDE 8            // of a tile, in pixels
#define BORDERED (SIDE + 2)
#define MOST_UNIT 3       // 8 channels as a power of 2

// ---- numbers in memory ----

struct Eight { float x[8]; };

__device__ __forceinline__ Eight eight(uint4 words) {
  u32 word[4] = {words.x, words.y, words.z, words.w};
  Eight e;
#pragma unroll
  for (int i = 0; i < 4; i++) {
    e.x[2 * i] = low(word[i]);
    e.x[2 * i + 1] = high(word[i]);
  }
  return e;
}
__device__ __forceinline__ Eight eight(const float* from) {
  float4 low = *(const float4*)from, high = *(const float4*)(from + 4);
  return {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
}
__device__ __forceinline__ Eight eightShared(u32 from) {
  uint4 words;
  asm volatile("ld.shared.v4.b32 {%0, %1, %2, %3}, [%4];"
               : "=r"(words.x), "=r"(words.y), "=r"(words.z), "=r"(words.w)
               : "r"(from)
               : "memory");
  return eight(words);
}
__device__ __forceinline__ float4 four(u32 from) {
  float4 x;
  asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(x.x), "=f"(x.y), "=f"(x.z), "=f"(x.w) : "r"(from) : "memory");
  return x;
}
__device__ __forceinline__ void putShared(u32 to, const Eight& e) {
  asm volatile("st.shared.v4.b32 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(packed(e.x[0], e.x[1])), "r"(packed(e.x[2], e.x[3])),
               "r"(packed(e.x[4], e.x[5])), "r"(packed(e.x[6], e.x[7]))
               : "memory");
}
__device__ __forceinline__ float2 pair(const bf16* from) {
  u32 word = *(const u32*)from;
  return {low(word), high(word)};
}
// Writes two numbers and returns them as they are read again.
__device__ __forceinline__ float2 put(bf16* to, float2 x) {
  u32 word = packed(x.x, x.y);
  *(u32*)to = word;
  return {low(word), high(word)};
}

// Asks for eight numbers, which the same thread finds in shared memory after endCopies() and awaitCopies().
__device__ __forceinline__ void copyLater(u32 to, const bf16* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from) : "memory");
}
__device__ __forceinline__ void endCopies() { asm volatile("cp.async.commit_group;" ::: "memory"); }
// Waits for all copies but those of the last groups, `later` many.
template <int later>
__device__ __forceinline__ void awaitCopies() { asm volatile("cp.async.wait_group %0;" ::"n"(later) : "memory"); }

// ---- maps and their moments ----

// One map, or two side by side: the channels of the first, `left` many, are followed by those of the second.
struct Maps {
  const bf16 *first, *second;
  int left, channels;

  // The place of a channel at a pixel, which is counted over all examples.
  __device__ __forceinline__ const bf16* at(long pixel, int channel) const {
    return channel < left ? first + pixel * left + channel : second + pixel * (channels - left) + channel - left;
  }
};

// The channels of a unit as a power of 2: the largest up to 8 that divides those of a group, which are even.
__device__ __forceinline__ int unitOf(int channels) { return min(MOST_UNIT, __ffs(channels / GROUPS) - 1); }

// Returns n / d for few tiles.
__device__ __forceinline__ int quotient(int n, float inverse) { return (int)((n + .5f) * inverse); }

// The pixels of a map as tiles.
struct Pixels {
  int height, width, across, tiles;
  float perRow, perMap;  // 1 / across, 1 / tiles
  bool isWhole;          // all tiles are

  __device__ __forceinline__ Pixels(int height, int width) : height(height), width(width) {
    across = (width + SIDE - 1) / SIDE;
    tiles = across * ((height + SIDE - 1) / SIDE);
    perRow = __fdividef(1.f, across);
    perMap = __fdividef(1.f, tiles);
    isWhole = height % SIDE == 0 && width % SIDE == 0;
  }
  __device__ __forceinline__ int strips() const { return 4 * tiles; }
  // The number of pixels of a strip that are in the map; strips are counted on over several units.
  __device__ __forceinline__ int inStrip(int strip) const {
    if (isWhole) return 2 * SIDE;
    int tile = strip / 4 - quotient(strip / 4, perMap) * tiles, down = quotient(tile, perRow);
    return max(0, min(2, height - down * SIDE - strip % 4 * 2)) * min(SIDE, width - (tile - down * across) * SIDE);
  }
  __device__ __forceinline__ bool has(int y, int x) const { return (u32)y < (u32)height && (u32)x < (u32)width; }
};

// The moments of a group of channels.
struct GroupMoments {
  const float2* from;  // of its first unit's first strip
  int unit, count;
  float share;  // of a value in a mean

  // moments: of the group's map, which has `channels` channels; first: the group's first of them.
  __device__ __forceinline__ GroupMoments(const float2* moments, int example, int channels, int first, int size,
                                          const Pixels& pixels) {
    int power = unitOf(channels);
    unit = 1 << power;
    from = moments + ((long)example * (channels >> power) + (first >> power)) * pixels.strips();
    count = (size >> power) * pixels.strips();
    share = __fdividef(1.f, (float)pixels.height * pixels.width * size);
  }

  // Returns mean and 1 / deviation to each of the LANES threads next to each other that share the reading.
  // `AHEAD` are asked for at once by each.
  template <int LANES, int AHEAD> __device__ __forceinline__ float2 of(const Pixels& pixels, float epsilon) const {
    float pivot = from->x, sum = 0.f, squares = 0.f;
    for (int begin = threadIdx.x % LANES; begin < count; begin += AHEAD * LANES) {
      float2 m[AHEAD];
#pragma unroll
      for (int i = 0; i < AHEAD; i++)
        if (begin + i * LANES < count) m[i] = from[begin + i * LANES];
#pragma unroll
      for (int i = 0; i < AHEAD; i++) {
        int at = begin + i * LANES;
        if (at >= count) break;
        float values = unit * pixels.inStrip(at), distance = m[i].x - pivot;
        sum += values * distance;
        squares += m[i].y + values * distance * distance;
      }
    }
#pragma unroll
    for (int distance = LANES / 2; distance; distance /= 2) {
      sum += __shfl_xor_sync(~0u, sum, distance);
      squares += __shfl_xor_sync(~0u, squares, distance);
    }
    return {pivot + sum * share, rsqrtf((squares - sum * sum * share) * share + epsilon)};
  }
};

// z / (1 + exp(-z)); volatile, so that the compiler leaves those of several numbers side by side.
__device__ __forceinline__ float swish(float z) {
  float power, inverse;
  asm volatile("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(z * -1.4426950408889634f));
  asm volatile("rcp.approx.ftz.f32 %0, %1;" : "=f"(inverse) : "f"(1.f + power));
  return z * inverse;
}

// ---- products ----

// 8 x 8 rows of 16 bytes, each eight of them next to each other: `across` bytes to the next 8 of a sum's 16, `down` to the next 8
// rows.
__device__ __forceinline__ u64 planes(u32 at, u32 across, u32 down) {
  return (u64)((at & 0x3ffff) >> 4 | across >> 4 << 16) | (u64)(down >> 4) << 32;
}

// ---- results ----

// What a convolution is added to: nothing, a map, or the product of maps with weights like a filter of one place.
struct Base {
  Maps x;
  const bf16* weights;
};

// Writes the moments of a strip's unit of 2 * words channels. from: the unit at the strip's first pixel; inside: a bit for each pixel
// that is in the map.
template <int words>
__device__ __forceinline__ void measureStrip(const bf16* from, float2* to, u32 inside, int width, int channels) {
  constexpr int PIXELS = 2 * SIDE;
  u32 word[PIXELS][words];
#pragma unroll
  for (int p = 0; p < PIXELS; p++) {
    const u32* at = (const u32*)(from + ((long)(p / SIDE) * width + p % SIDE) * channels);
#pragma unroll
    for (int i = 0; i < words; i++) word[p][i] = inside >> p & 1 ? at[i] : 0;
  }
  float count = 2 * words * __popc(inside), sum = 0.f, squares = 0.f;
#pragma unroll
  for (int p = 0; p < PIXELS; p++)
#pragma unroll
    for (int i = 0; i < words; i++) sum += low(word[p][i]) + high(word[p][i]);
  float mean = sum / max(1.f, count);
#pragma unroll
  for (int p = 0; p < PIXELS; p++)
#pragma unroll
    for (int i = 0; i < words; i++) {
      float2 distance = {low(word[p][i]) - mean, high(word[p][i]) - mean};
      squares += inside >> p & 1 ? distance.x * distance.x + distance.y * distance.y : 0.f;
    }
  *to = {mean, squares};
}

// Writes the moments of a map of 64 or 128 channels that another kernel has made. Blocks: one for each tile of each example.
extern "C" __global__ void __launch_bounds__(THREADS)
    measure(const bf16* x, float2* moments, int height, int width, int channels) {
  letNextBegin();
  awaitEarlier();
  Pixels pixels(height, width);
  int example = blockIdx.x / pixels.tiles, tile = blockIdx.x % pixels.tiles, unit = 1 << unitOf(channels), units = channels / unit;
  int top = tile / pixels.across * SIDE, start = tile % pixels.across * SIDE;
  for (int i = threadIdx.x; i < 4 * units; i += THREADS) {
    int u = i % units, strip = tile * 4 + i / units, first = top + i / units * 2;
    u32 inside = 0;
#pragma unroll
    for (int p = 0; p < 2 * SIDE; p++) inside |= (u32)pixels.has(first + p / SIDE, start + p % SIDE) << p;
    const bf16* from = x + ((long)(example * height + first) * width + start) * channels + u * unit;
    float2* to = moments + ((long)example * units + u) * pixels.strips() + strip;
    if (unit == 4)
      measureStrip<2>(from, to, inside, width, channels);
    else
      measureStrip<1>(from, to, inside, width, channels);
  }
}

// out = norm(x). scale and shift [C]; moments: of x. Blocks: one for each tile of each example.
extern "C" __global__ void __launch_bounds__(THREADS)
    normalise(const bf16* x, const float2* moments, const float* scale, const float* shift, bf16* out, int height, int width,
              int channels, float epsilon) {
  constexpr int LANES = THREADS / GROUPS;
  __shared__ float2 ofGroups[GROUPS];
  Pixels pixels(height, width);
  int example = blockIdx.x / pixels.tiles, tile = blockIdx.x % pixels.tiles, size = channels / GROUPS, eights = channels / 8;
  GroupMoments ofGroup(moments, example, channels, threadIdx.x / LANES * size, size, pixels);
  letNextBegin();
  awaitEarlier();
  float2 m = ofGroup.of<LANES, 8>(pixels, epsilon);
  if (threadIdx.x % LANES == 0) ofGroups[threadIdx.x / LANES] = m;
  __syncthreads();
  for (int i = threadIdx.x; i < SIDE * SIDE * eights; i += THREADS) {
    int c = i % eights * 8, p = i / eights, y = tile / pixels.across * SIDE + p / SIDE, left = tile % pixels.across * SIDE + p % SIDE;
    if (!pixels.has(y, left)) continue;
    long at = ((long)(example * height + y) * width + left) * channels + c;
    Eight e = eight(*(const uint4*)(x + at)), factor = eight(scale + c), offset = eight(shift + c);
#pragma unroll
    for (int k = 0; k < 8; k++) {
      float2 own = ofGroups[(c + k) / size];
      e.x[k] = (e.x[k] - own.x) * own.y * factor.x[k] + offset.x[k];
    }
    *(uint4*)(out + at) = {packed(e.x[0], e.x[1]), packed(e.x[2], e.x[3]), packed(e.x[4], e.x[5]), packed(e.x[6], e.x[7])};
  }
}
