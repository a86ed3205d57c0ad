// Convolutions of few images, which take as long as what they wait for: many small blocks share the work. NVRTC compiles this behind
// attention.cu and convolution.cu, with this constant:
//   PARTS  blocks that share the sum of one tile, 2, 4 or 8: a cluster that adds up through its shared memory
//
// A tile of results is 8 x 8 pixels by 64 channels. A block has a share of the input's channels.

#define PLANE (16 * 101)               // bytes of a tile's 8 channels with the border; an odd number of pixels: no bank conflicts
#define PLAIN_PLANE (16 * 65)          // the same without border
#define STEP 2048                      // bytes of the filters of a product: 16 channels to 64
#define OWN (8 / PARTS)                // eights of a tile's channels whose sums a block adds up
#define SUMS (PARTS * OWN * GROUP)     // float4 that come together in a block
#define LANES (PARTS < 4 ? 16 : 32)    // threads that read the moments of a group

// Stores to a block of the cluster and counts the bytes at a barrier there.
__device__ __forceinline__ void storeThere(u32 to, const float* x, u32 barrier) {
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(to),
               "f"(x[0]), "f"(x[1]), "f"(x[2]), "f"(x[3]), "r"(barrier)
               : "memory");
}
__device__ __forceinline__ void arriveAtCluster() { asm volatile("barrier.cluster.arrive.release.aligned;" ::: "memory"); }
__device__ __forceinline__ void awaitCluster() { asm volatile("barrier.cluster.wait.acquire.aligned;" ::: "memory"); }

// The results of a thread in a tile: of a warp's 2 x 8 pixels two, one below the other, and two channels of each eight.
struct Results {
  int lane, channels, unit, strip, inStrip, width;
  float perStrip;
  bool isHere[2];
  long pixel, ofExample;

  // top and left: of the tile, which may lie outside of the map.
  __device__ __forceinline__ Results(const Pixels& pixels, int example, int top, int left, int channels)
      : lane(threadIdx.x % 32), channels(channels), width(pixels.width) {
    int row = threadIdx.x / 32 % 4 * 2, y = top + row, x = left + lane / 4;
    isHere[0] = pixels.has(y, x);
    isHere[1] = pixels.has(y + 1, x);
    pixel = ((long)example * pixels.height + y) * width + x;
    unit = unitOf(channels);
    strip = (top / SIDE * pixels.across + left / SIDE) * 4 + row / 2;
    inStrip = top < pixels.height ? pixels.inStrip(strip) << unit : -1;
    perStrip = inStrip > 0 ? __fdividef(1.f, inStrip) : 0.f;
    ofExample = (long)example * (channels >> unit);
  }

  // Reads what is added to the sums of an eight of channels, the first of which is c.
  __device__ __forceinline__ void ask(int c, const float* bias, const Base& base, float2& ofBias, float2* ofBase) const {
    c += lane % 4 * 2;
    ofBias = *(const float2*)(bias + c);
#pragma unroll
    for (int h = 0; h < 2; h++)
      ofBase[h] = base.x.first && !base.weights && isHere[h] ? pair(base.x.at(pixel + h * width, c)) : make_float2(0.f, 0.f);
  }

  // Adds this to the sums and writes them; v becomes what is read again.
  __device__ __forceinline__ void write(int c, float2* v, const float2& ofBias, const float2* ofBase, bf16* out) const {
#pragma unroll
    for (int h = 0; h < 2; h++) {
      v[h] = {v[h].x + ofBias.x + ofBase[h].x, v[h].y + ofBias.y + ofBase[h].y};
      if (isHere[h]) v[h] = put(out + (pixel + h * width) * channels + c + lane % 4 * 2, v[h]);
    }
  }

  // Writes the moments of a strip's units, as distances from one of their numbers first; of a whole warp.
  __device__ __forceinline__ void measure(int c, const float2* v, const Pixels& pixels, float2* moments) const {
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
    c += lane % 4 * 2;
    if (lane < 4 && lane % (1 << unit >> 1) == 0 && inStrip >= 0)
      moments[(ofExample + (c >> unit)) * pixels.strips() + strip] =
          inStrip > 0 ? make_float2(pivot + sum * perStrip, squares - sum * sum * perStrip) : make_float2(0.f, 0.f);
  }
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

// out [B, H, W, O] = base + bias + conv(swish(norm(x))). Blocks: PARTS for each tile of results, its channels before its pixels.
// scale and shift [C] or [B, C] (stride 0 or C), bias likewise of O. filters [O / 64, C / 16, 9, 2, 64, 8], O rounded up: of 64
// channels of results, for each 16 of the input's, for each of the nine places, what a product reads; weights of a base's product
// [O / 64, P / 16, 1, 2, 64, 8]. Moments: of the two maps of x, and of out, or null.
extern "C" __global__ void __cluster_dims__(PARTS, 1, 1) __launch_bounds__(THREADS)
    convolveFew(const bf16* ofFirst, const bf16* ofSecond, int ofLeft, int channels, const float2* momentsOfFirst,
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
  Results results(pixels, part.example, part.top, part.left, outChannels);
  int firstColumn = part.column * 64 + (part.rank * OWN + thread / GROUP) * 8;  // a thread's results: SLOTS times
  constexpr int SLOTS = OWN < 2 ? 1 : OWN / 2;
  bool hasSlot[SLOTS];
#pragma unroll
  for (int s = 0; s < SLOTS; s++) hasSlot[s] = thread / GROUP + 2 * s < OWN && firstColumn + 16 * s < outChannels;
  arriveAtCluster();
  letNextBegin();
  awaitEarlier();

  reading.ask(pixels);
  endCopies();
  if (weights) Reading(base.x, part, SIDE, 0, plainAt, PLAIN_PLANE, width).ask(pixels);
  endCopies();
  float2 ofBias[SLOTS], ofMap[SLOTS][2];
#pragma unroll
  for (int s = 0; s < SLOTS; s++)
    if (hasSlot[s]) results.ask(firstColumn + 16 * s, bias + (long)part.example * biasStride, base, ofBias[s], ofMap[s]);
  long ofNorm = (long)part.example * normStride + part.rank * share + reading.octet * 8;
  Eight ofScale = eight(scale + ofNorm), ofShift = eight(shift + ofNorm);
  float2 m = ofGroup.of<LANES, 4>(pixels, epsilon);
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
  for (int s = 0; s < SLOTS; s++)
    if (hasSlot[s]) {
      float2 v[2] = {};
#pragma unroll
      for (int i = 0; i < PARTS; i++) {
        float4 more = four(sums + ((i * OWN + thread / GROUP + 2 * s) * GROUP + thread % GROUP) * 16);
        v[0].x += more.x;
        v[0].y += more.y;
        v[1].x += more.z;
        v[1].y += more.w;
      }
      results.write(firstColumn + 16 * s, v, ofBias[s], ofMap[s], out);
      if (momentsOfOut) results.measure(firstColumn + 16 * s, v, pixels, momentsOfOut);
    }
}
