// Convolutions of 3 x 3 pixels of few images on Hopper's tensor cores (sm_90a), with the norm and the swish in front of them and
// what follows them in one kernel. NVRTC compiles this behind attention.cu, of which it uses the copies and the tensor cores, with
// this constant:
//   PARTS  blocks that share the sum of one tile, 2, 4 or 8: a cluster that adds up through its shared memory
//
// A map is [B, H, W, C] in bfloat16, C a multiple of 64. Its channels are normalised in 32 groups, so the sum over a group's values has to be
// known before a convolution reads the first of them. Who writes a map writes its moments beside it: for each strip of 2 x 8 pixels
// and each unit of 2, 4 or 8 channels of a group, the mean and the sum of squared distances from it, float2 [B, C / unit, strips],
// a tile's four strips next to each other. The next convolution puts them together.
//
// A tile of results is 8 x 8 pixels by 64 channels. A block reads its share of the input's channels, normalised, with a border of
// one pixel, as planes of 8 channels: a filter's nine places are then nine places in the same planes to begin a product at.
//
// With few images a convolution takes as long as what it waits for. So a block asks for its filters before the kernel in front of
// it has ended, and waits for that one's results only then; kernels are launched with programmatic dependencies. A sum is added up
// in one order: results are the same bit for bit in each run.

#define GROUPS 32
#define THREADS (2 * GROUP)
#define SIDE 8                          // of a tile, in pixels
#define BORDERED (SIDE + 2)
#define PLANE (16 * 101)                // bytes of a tile's 8 channels with the border; an odd number of pixels: no bank conflicts
#define PLAIN_PLANE (16 * 65)           // the same without border
#define STEP 2048                       // bytes of the filters of a product: 16 channels to 64
#define OWN (8 / PARTS)                 // eights of a tile's channels whose sums a block adds up
#define SUMS (PARTS * OWN * GROUP)      // float4 that come together in a block
#define MOST_UNIT 3                     // 8 channels as a power of 2
#define LANES (PARTS < 4 ? 16 : 32)     // threads that read the moments of a group

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
    perRow = 1.f / across;
    perMap = 1.f / tiles;
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
    share = 1.f / ((float)pixels.height * pixels.width * size);
  }

  // Returns mean and 1 / deviation to each of the LANES threads next to each other that share the reading.
  __device__ __forceinline__ float2 of(const Pixels& pixels, float epsilon) const {
    constexpr int AHEAD = 4;
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

__device__ __forceinline__ float swish(float z) { return __fdividef(z, 1.f + __expf(-z)); }

// ---- products ----

// 8 x 8 rows of 16 bytes, each eight of them next to each other: `across` bytes to the next 8 of a sum's 16, `down` to the next 8
// rows.
__device__ __forceinline__ u64 planes(u32 at, u32 across, u32 down) {
  return (u64)((at & 0x3ffff) >> 4 | across >> 4 << 16) | (u64)(down >> 4) << 32;
}

// Stores to a block of the cluster and counts the bytes at a barrier there.
__device__ __forceinline__ void storeThere(u32 to, const float* x, u32 barrier) {
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
               "f"(x[0]), "f"(x[1]), "f"(x[2]), "f"(x[3]), "r"(barrier)
               : "memory");
}
__device__ __forceinline__ float4 four(u32 from) {
  float4 x;
  asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];" : "=f"(x.x), "=f"(x.y), "=f"(x.z), "=f"(x.w) : "r"(from) : "memory");
  return x;
}
__device__ __forceinline__ void arriveAtCluster() { asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory"); }
__device__ __forceinline__ void awaitCluster() { asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory"); }

// ---- a convolution ----

// What a convolution is added to: nothing, a map, or the product of maps with weights like a filter of one place.
struct Base {
  Maps x;
  const bf16* weights;
};

// A block's part of the work: its share of the input's channels, and the tile of results that it adds to.
struct Part {
  int rank, column, example, tile, top, left;
  long origin;  // the example's first pixel

  __device__ __forceinline__ Part(const Pixels& pixels, int outChannels) {
    int columns = (outChannels + 63) / 64, at = blockIdx.x / PARTS;
    rank = blockIdx.x % PARTS;
    column = at % columns;
    example = at / columns / pixels.tiles;
    tile = at / columns - example * pixels.tiles;
    top = tile / pixels.across * SIDE;
    left = tile % pixels.across * SIDE;
    origin = (long)example * pixels.height * pixels.width;
  }
};

// What a thread reads: eight channels at several places of a tile of `side` by `side` pixels.
struct Reading {
  const bf16* from;  // the channels at the example's first pixel
  int stride, octet, first, rows, end, side, top, left, width;
  u32 to, plane;

  // top and left: of the tile's first place, which may be outside; to: planes of 8 channels in shared memory.
  __device__ __forceinline__ Reading(const Maps& x, const Part& part, int side, int border, u32 to, u32 plane, int width)
      : side(side), top(part.top - border), left(part.left - border), width(width), plane(plane) {
    int share = x.channels / PARTS, octets = share / 8;
    octet = threadIdx.x % octets;
    first = threadIdx.x / octets;
    rows = THREADS / octets;
    end = first < rows ? side * side : 0;
    int channel = part.rank * share + octet * 8;
    bool isLeft = channel < x.left;
    stride = isLeft ? x.left : x.channels - x.left;
    from = (isLeft ? x.first + channel : x.second + channel - x.left) + part.origin * stride;
    this->to = to + octet * plane;
  }
  __device__ __forceinline__ bool has(const Pixels& pixels, int p) const { return pixels.has(top + p / side, left + p % side); }
  // Asks for all places that are in the map.
  __device__ __forceinline__ void ask(const Pixels& pixels) const {
    for (int p = first; p < end; p += rows)
      if (has(pixels, p)) copyLater(to + p * 16, from + ((top + p / side) * width + left + p % side) * stride);
  }
  // Calls use(numbers) for all of these, and writes zeros to the others.
  template <typename Use> __device__ __forceinline__ void each(const Pixels& pixels, Use use) const {
    for (int p = first; p < end; p += rows) {
      Eight e = {};
      bool isIn = has(pixels, p);
      if (isIn) use(e = eightShared(to + p * 16));
      putShared(to + p * 16, e);
    }
  }
};

// The norm of a thread's eight channels.
struct Affine {
  float factor[8], offset[8];

  // first: the first of them in the block's share; size: of a group.
  __device__ __forceinline__ Affine(const float2* ofGroups, int first, int size, const Eight& scale, const Eight& shift) {
    int g = first / size, next = (g + 1) * size - first;
#pragma unroll
    for (int k = 0; k < 8; k++) {
      if (k == next) {
        g++;
        next += size;
      }
      float2 own = ofGroups[g];
      factor[k] = own.y * scale.x[k];
      offset[k] = shift.x[k] - own.x * factor[k];
    }
  }
};

// sum [64, 64] = the products of the planes with the filters; of a warpgroup.
__device__ __forceinline__ void multiply(float* sum, u32 planesAt, int ofPlace, u32 plainAt, int ofBase, u32 filters) {
#pragma unroll
  for (int i = 0; i < 32; i++) sum[i] = 0.f;
  hold<32>(sum);
  beginProducts();
  for (int k = 0; k < ofPlace; k++)
#pragma unroll
    for (int place = 0; place < 9; place++)
      productShared(sum, planes(planesAt + k * 2 * PLANE + (place / 3 * BORDERED + place % 3) * 16, PLANE, BORDERED * 16),
                    planes(filters + (k * 9 + place) * STEP, STEP / 2, 128), 1);
  for (int k = 0; k < ofBase; k++)
    productShared(sum, planes(plainAt + k * 2 * PLAIN_PLANE, PLAIN_PLANE, SIDE * 16),
                  planes(filters + (9 * ofPlace + k) * STEP, STEP / 2, 128), 1);
  commitProducts();
  awaitProducts<0>();
  hold<32>(sum);
}

// Gives each block of the cluster the columns that it adds up; of a warpgroup.
__device__ __forceinline__ void exchange(const float* sum, u32 sums, u32 added, int rank) {
#pragma unroll
  for (int owner = 0; owner < PARTS; owner++) {
    u32 to = inBlock(sums, owner) + (rank * OWN * GROUP + threadIdx.x) * 16, b = inBlock(added, owner);
#pragma unroll
    for (int j = 0; j < OWN; j++) storeThere(to + j * GROUP * 16, sum + 4 * (owner * OWN + j), b);
  }
}

// The results of a thread: of the sums that its block adds up, two rows of pixels and two channels, SLOTS times.
struct Results {
  static constexpr int SLOTS = OWN < 2 ? 1 : OWN / 2;
  int lane, firstColumn, channels, unit, strip, inStrip, width;
  float perStrip;
  bool isHere[2];
  long pixel, ofExample;
  float2 ofBias[SLOTS], ofBase[SLOTS][2];

  __device__ __forceinline__ Results(const Pixels& pixels, const Part& part, int channels)
      : lane(threadIdx.x % 32), channels(channels), width(pixels.width) {
    int row = threadIdx.x / 32 % 4 * 2, y = part.top + row, left = part.left + lane / 4;
    firstColumn = part.column * 64 + (part.rank * OWN + threadIdx.x / GROUP) * 8;
    isHere[0] = pixels.has(y, left);
    isHere[1] = pixels.has(y + 1, left);
    pixel = part.origin + (long)y * width + left;
    unit = unitOf(channels);
    strip = part.tile * 4 + row / 2;
    inStrip = pixels.inStrip(strip) << unit;
    perStrip = inStrip > 0 ? 1.f / inStrip : 0.f;
    ofExample = (long)part.example * (channels >> unit);
  }
  // The first channel of a slot's eight; its own are two of them.
  __device__ __forceinline__ int column(int slot) const { return firstColumn + 16 * slot; }
  __device__ __forceinline__ bool has(int slot) const {
    return threadIdx.x / GROUP + 2 * slot < OWN && column(slot) < channels;
  }

  // Reads what is added to the sums.
  __device__ __forceinline__ void ask(const float* bias, const Base& base) {
#pragma unroll
    for (int slot = 0; slot < SLOTS; slot++) {
      ofBase[slot][0] = ofBase[slot][1] = {0.f, 0.f};
      if (!has(slot)) continue;
      int c = column(slot) + lane % 4 * 2;
      ofBias[slot] = *(const float2*)(bias + c);
      if (base.x.first && !base.weights)
#pragma unroll
        for (int h = 0; h < 2; h++)
          if (isHere[h]) ofBase[slot][h] = pair(base.x.at(pixel + h * width, c));
    }
  }

  // Adds up what the blocks have given, in their order, and writes it.
  __device__ __forceinline__ void add(int slot, u32 sums, bf16* out, float2* v) const {
    v[0] = v[1] = {0.f, 0.f};
#pragma unroll
    for (int i = 0; i < PARTS; i++) {
      float4 more = four(sums + ((i * OWN + threadIdx.x / GROUP + 2 * slot) * GROUP + threadIdx.x % GROUP) * 16);
      v[0].x += more.x;
      v[0].y += more.y;
      v[1].x += more.z;
      v[1].y += more.w;
    }
#pragma unroll
    for (int h = 0; h < 2; h++) {
      v[h] = {v[h].x + ofBias[slot].x + ofBase[slot][h].x, v[h].y + ofBias[slot].y + ofBase[slot][h].y};
      if (isHere[h]) v[h] = put(out + (pixel + h * width) * channels + column(slot) + lane % 4 * 2, v[h]);
    }
  }

  // Writes the moments of a strip's units, as distances from one of their numbers first; of a whole warp.
  __device__ __forceinline__ void measure(int slot, const float2* v, const Pixels& pixels, float2* moments) const {
    float pivot = __shfl_sync(~0u, v[0].x, lane % 4 & -(1 << unit >> 1)), sum = 0.f, squares = 0.f;
#pragma unroll
    for (int h = 0; h < 2; h++)
      if (isHere[h]) {
        float2 distance = {v[h].x - pivot, v[h].y - pivot};
        sum += distance.x + distance.y;
        squares += distance.x * distance.x + distance.y * distance.y;
      }
    auto addUp = [&](int distance) {
      sum += __shfl_xor_sync(~0u, sum, distance);
      squares += __shfl_xor_sync(~0u, squares, distance);
    };
    addUp(16);
    addUp(8);
    addUp(4);
    if (unit > 1) addUp(1);
    if (unit > 2) addUp(2);
    int c = column(slot) + lane % 4 * 2;
    if (lane < 4 && lane % (1 << unit >> 1) == 0)
      moments[(ofExample + (c >> unit)) * pixels.strips() + strip] =
          inStrip > 0 ? make_float2(pivot + sum * perStrip, squares - sum * sum * perStrip) : make_float2(0.f, 0.f);
  }
};

// out [B, H, W, O] = base + bias + conv(swish(norm(x))). Blocks: PARTS for each tile of results, its channels before its pixels.
// scale and shift [C] or [B, C] (stride 0 or C), bias likewise of O. filters [O / 64, C / 16, 9, 2, 64, 8], O rounded up: of 64
// channels of results, for each 16 of the input's, for each of the nine places, what a product reads; weights of a base's product
// [O / 64, P / 16, 2, 64, 8]. Moments: of the two maps of x, and of out, or null.
extern "C" __global__ void __cluster_dims__(PARTS, 1, 1) __launch_bounds__(THREADS)
    convolve(const bf16* ofFirst, const bf16* ofSecond, int ofLeft, int channels, const float2* momentsOfFirst,
             const float2* momentsOfSecond, const float* scale, const float* shift, int normStride, const bf16* filters,
             const float* bias, int biasStride, const bf16* ofBaseFirst, const bf16* ofBaseSecond, int ofBaseLeft, int baseChannels,
             const bf16* weights, bf16* out, float2* momentsOfOut, int height, int width, int outChannels, float epsilon) {
  __shared__ u64 barriers[2];
  __shared__ float2 ofGroups[GROUPS / PARTS];
  Maps x = {ofFirst, ofSecond, ofLeft, channels};
  Base base = {{ofBaseFirst, ofBaseSecond, ofBaseLeft, baseChannels}, weights};
  Pixels pixels(height, width);
  Part part(pixels, outChannels);
  int share = channels / PARTS, ofPlace = share / 16, ofBase = weights ? baseChannels / PARTS / 16 : 0, thread = threadIdx.x;
  u32 ofFilters = sharedAddress(memory), planesAt = ofFilters + (9 * ofPlace + ofBase) * STEP;
  u32 plainAt = planesAt + ofPlace * 2 * PLANE, sums = plainAt + ofBase * 2 * PLAIN_PLANE;
  u32 full = sharedAddress(barriers), added = full + 8;

  if (thread == 0) {
    initBarrier(full, 1);
    initBarrier(added, 1);
    publishBarriers();
    expectBytes(added, SUMS * 16);
    expectBytes(full, (9 * ofPlace + ofBase) * STEP);
    long at = (long)part.column * PARTS + part.rank;
    loadBytes(ofFilters, filters + at * 9 * ofPlace * (STEP / 2), 9 * ofPlace * STEP, full);
    if (ofBase > 0) loadBytes(ofFilters + 9 * ofPlace * STEP, weights + at * ofBase * (STEP / 2), ofBase * STEP, full);
  }
  __syncthreads();
  Reading reading(x, part, BORDERED, 1, planesAt, PLANE, width);
  int size = channels / GROUPS, g = min(thread / LANES, GROUPS / PARTS - 1), c = part.rank * share + g * size;
  bool isOfFirst = c < ofLeft;
  GroupMoments ofGroup(isOfFirst ? momentsOfFirst : momentsOfSecond, part.example, isOfFirst ? ofLeft : channels - ofLeft,
                       isOfFirst ? c : c - ofLeft, size, pixels);
  Results results(pixels, part, outChannels);
  arriveAtCluster();
  letNextBegin();
  awaitEarlier();

  reading.ask(pixels);
  endCopies();
  if (weights) Reading(base.x, part, SIDE, 0, plainAt, PLAIN_PLANE, width).ask(pixels);
  endCopies();
  results.ask(bias + (long)part.example * biasStride, base);
  long ofNorm = (long)part.example * normStride + part.rank * share + reading.octet * 8;
  Eight ofScale = eight(scale + ofNorm), ofShift = eight(shift + ofNorm);
  float2 m = ofGroup.of(pixels, epsilon);
  if (thread % LANES == 0) ofGroups[g] = m;
  __syncthreads();
  Affine affine(ofGroups, reading.octet * 8, size, ofScale, ofShift);
  awaitCopies<1>();
  reading.each(pixels, [&](Eight& e) {
#pragma unroll
    for (int k = 0; k < 8; k++) e.x[k] = swish(e.x[k] * affine.factor[k] + affine.offset[k]);
  });
  awaitCopies<0>();  // what is outside of the map stays as it was: rows of results that nobody writes
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();

  float sum[32];
  if (__shfl_sync(~0u, thread / GROUP, 0) == 0) {
    waitFor(full, 0);
    multiply(sum, planesAt, ofPlace, plainAt, ofBase, ofFilters);
    awaitCluster();  // all have begun
    exchange(sum, sums, added, part.rank);
  } else {
    awaitCluster();
  }
  waitForBlocks(added, 0);
#pragma unroll
  for (int slot = 0; slot < Results::SLOTS; slot++)
    if (results.has(slot)) {
      float2 v[2];
      results.add(slot, sums, out, v);
      if (momentsOfOut) results.measure(slot, v, pixels, momentsOfOut);
    }
}

// Writes the moments of a map that another kernel has made. Blocks: one for each tile of each example.
extern "C" __global__ void __launch_bounds__(THREADS)
    measure(const bf16* x, float2* moments, int height, int width, int channels) {
  letNextBegin();
  awaitEarlier();
  Pixels pixels(height, width);
  int example = blockIdx.x / pixels.tiles, tile = blockIdx.x % pixels.tiles, unit = 1 << unitOf(channels), units = channels / unit;
  int top = tile / pixels.across * SIDE, start = tile % pixels.across * SIDE;
  for (int i = threadIdx.x; i < 4 * units; i += THREADS) {
    int u = i % units, strip = tile * 4 + i / units, first = top + i / units * 2;
    auto each = [&](auto use) {
      for (int p = 0; p < 2 * SIDE; p++) {
        int y = first + p / SIDE, left = start + p % SIDE;
        if (!pixels.has(y, left)) continue;
        const bf16* at = x + ((long)(example * height + y) * width + left) * channels + u * unit;
        for (int k = 0; k < unit; k += 2) {
          float2 v = pair(at + k);
          use(v.x);
          use(v.y);
        }
      }
    };
    float sum = 0.f, squares = 0.f;
    each([&](float v) { sum += v; });
    float mean = sum / max(1, unit * pixels.inStrip(strip));
    each([&](float v) { squares += (v - mean) * (v - mean); });
    moments[((long)example * units + u) * pixels.strips() + strip] = {mean, squares};
  }
}
