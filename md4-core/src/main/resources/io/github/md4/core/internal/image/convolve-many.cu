// Convolutions of many images, whose tensor cores are to be busy. NVRTC compiles this behind attention.cu and convolution.cu, with
// these constants:
//   COLUMNS  channels of a tile of results, 64 or 128
//   UNIT     the channels of a unit of the results' moments as a power of 2: 1, 2 or 3
//
// A tile of results is 16 x 8 pixels; each of two warpgroups multiplies for 8 x 8 of them. The input comes in chunks of 64 channels.
// All threads normalise the first; while the two multiply, some warps beside them normalise the next. One thread asks for the
// filters, by stages of four products, into a ring.

#define HIGH (2 * SIDE)
#define PLACES ((HIGH + 2) * BORDERED)
#define PLANE (16 * (PLACES + 1))   // bytes of 8 channels of a tile with its border; an odd number of pixels: no bank conflicts
#define CHUNK 64
#define BUFFER (CHUNK / 8 * PLANE)
#define BUFFERS (COLUMNS == 64 ? 3 : 2)
#define STEP (32 * COLUMNS)         // bytes of the filters of a product: 16 channels to all of the tile's
#define OF_STAGE 4                  // products
#define STAGE (OF_STAGE * STEP)
#define STAGES 4
#define PITCH (COLUMNS * 4 + 16)    // bytes of a pixel's sums in shared memory
#define EIGHTS (COLUMNS / 8)
#define UNITS (8 >> UNIT)           // of eight channels
#define OF_CHUNK (9 * CHUNK / 16 / OF_STAGE)  // stages of a chunk that is convolved; of one that is a base's, one
#define PREPARING (COLUMNS == 64 ? 128 : 64)  // threads that normalise; with more, registers would not do for 64 x 128 sums
#define ALL (THREADS + PREPARING)   // THREADS multiply and write
#define LANES (THREADS / GROUPS)    // threads that read the moments of a group
#define ATONCE 2                    // strips of results of a thread

#define LIST64                                                                                                       \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, "  \
  "%24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, "   \
  "%46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63}, "

// d [64, COLUMNS] += a [64, 16] b [COLUMNS, 16]', both in shared memory.
__device__ __forceinline__ void productOfTile(float* d, u64 a, u64 b) {
#if COLUMNS == 64
  productShared(d, a, b, 1);
#else
  asm volatile("wgmma.mma_async.sync.aligned.m64n128k16.f32.bf16.bf16 " LIST64 "%64, %65, 1, 1, 1, 0, 0;\n"
               : OUT16(d, 0), OUT16(d, 16), OUT16(d, 32), OUT16(d, 48)
               : "l"(a), "l"(b));
#endif
}

// The filters of a block's tile, in the order of the products; of one thread.
struct Filters {
  const bf16 *filters, *weights;
  int column, stages, ofBase;
  u32 ring, full;
  int asked = 0;
  Place place = {};

  // Asks for those of the next stage, if there is one.
  __device__ __forceinline__ void ask() {
    if (asked == stages + ofBase) return;
    const bf16* from = asked < stages ? filters + ((long)column * stages + asked) * (STAGE / 2)
                                      : weights + ((long)column * ofBase + asked - stages) * (STAGE / 2);
    expectBytes(full + 8 * place.slot, STAGE);
    loadBytes(ring + place.slot * STAGE, from, STAGE, full + 8 * place.slot);
    place.next(STAGES);
    asked++;
  }
};

// The chunks of a tile as one of some threads reads them: eight channels at some places, some of which it normalises at once.
template <int threads, int atOnce>
struct Chunks {
  static constexpr int STRIDE = threads / 8, ROUNDS = (PLACES + STRIDE * atOnce - 1) / (STRIDE * atOnce) * atOnce;
  static_assert(ROUNDS <= 32, "a round is a bit");

  int octet, first, top, left;  // top and left: of the tile's first place, which may be outside
  u32 inside;                   // of each round: is its place in the map?
  long origin;

  // thread: below zero where it is none of these.
  __device__ __forceinline__ Chunks(int thread, const Pixels& pixels, int top, int left, long origin)
      : octet(thread % 8), first(thread / 8), top(top), left(left), inside(0), origin(origin) {
    if (thread < 0) return;
#pragma unroll
    for (int round = 0; round < ROUNDS; round++) {
      int p = place(round);
      if (p < PLACES && pixels.has(top + p / BORDERED, left + p % BORDERED)) inside |= 1 << round;
    }
  }
  __device__ __forceinline__ int place(int round) const { return first + round * STRIDE; }
  // The place, or one that the thread has anyway.
  __device__ __forceinline__ int own(int round) const { return place(round) < PLACES ? place(round) : first; }

  __device__ __forceinline__ void ask(const Pixels& pixels, const Maps& x, int channel, u32 buffer) const {
#pragma unroll 1
    for (int round = 0; round < ROUNDS; round++) {
      int p = place(round);
      u32 to = buffer + octet * PLANE + p * 16;
      if (inside >> round & 1)
        copyLater(to, x.at(origin + (long)(top + p / BORDERED) * pixels.width + left + p % BORDERED, channel + octet * 8));
      else if (p < PLACES)
        putShared(to, Eight());
    }
    endCopies();
  }
  // What is outside of the map stays zero. affine: factors and offsets of the chunk's channels.
  __device__ __forceinline__ void normalise(const float4* affine, u32 buffer) const {
    u32 at = buffer + octet * PLANE;
#pragma unroll 1
    for (int round = 0; round < ROUNDS; round += atOnce) {
      Eight e[atOnce];
#pragma unroll
      for (int i = 0; i < atOnce; i++) e[i] = eightShared(at + own(round + i) * 16);
#pragma unroll
      for (int k = 0; k < 8; k += 2) {
        float4 two = affine[k / 2 * (CHUNK / 8) + octet];
#pragma unroll
        for (int i = 0; i < atOnce; i++) {
          float isIn = inside >> (round + i) & 1 ? 1.f : 0.f;
          e[i].x[k] = isIn * swish(e[i].x[k] * two.x + two.y);
          e[i].x[k + 1] = isIn * swish(e[i].x[k + 1] * two.z + two.w);
        }
      }
#pragma unroll
      for (int i = 0; i < atOnce; i++)
        if (place(round + i) < PLACES) putShared(at + place(round + i) * 16, e[i]);
    }
  }
};

// The place of a channel's factor and offset: of two channels next to each other for the eights of a chunk, then of the next two.
__device__ __forceinline__ int ofChannel(int c) {
  return ((c / CHUNK * 4 + c % 8 / 2) * (CHUNK / 8) + c % CHUNK / 8) * 2 + c % 2;
}

// Waits for all threads that multiply.
__device__ __forceinline__ void awaitMultiplying() { asm volatile("bar.sync 1, %0;" ::"n"(THREADS) : "memory"); }

// Puts a warpgroup's sums where all threads find them, [128 pixels][COLUMNS].
__device__ __forceinline__ void storeSums(const float* sum, u32 sums) {
  int lane = threadIdx.x % 32, row = threadIdx.x / 32 * 16 + lane / 4;
#pragma unroll
  for (int i = 0; i < COLUMNS / 4; i++)
    asm volatile("st.shared.v2.f32 [%0], {%1, %2};" ::"r"(sums + (row + i % 2 * 8) * PITCH + (i / 2 * 8 + lane % 4 * 2) * 4),
                 "f"(sum[2 * i]), "f"(sum[2 * i + 1])
                 : "memory");
}

// Adds up numbers of 16 lanes next to each other: `count` pairs of each, of which a lane keeps the sums of one, as its bits say.
template <int count>
__device__ __forceinline__ void addUp(float2* x, int lane, int distance) {
  if constexpr (count > 1) {
    bool isUpper = lane & distance;
#pragma unroll
    for (int i = 0; i < count / 2; i++) {
      float2 keep = isUpper ? x[i + count / 2] : x[i], give = isUpper ? x[i] : x[i + count / 2];
      x[i] = {keep.x + __shfl_xor_sync(~0u, give.x, distance), keep.y + __shfl_xor_sync(~0u, give.y, distance)};
    }
    addUp<count / 2>(x, lane, distance / 2);
  } else {
    for (; distance; distance /= 2) {
      x[0].x += __shfl_xor_sync(~0u, x[0].x, distance);
      x[0].y += __shfl_xor_sync(~0u, x[0].y, distance);
    }
  }
}

// Asks for what is added to a thread's results, by way of shared memory.
__device__ __forceinline__ void askForBase(u32 to, const Pixels& pixels, int example, int top, int left, int c, int channels,
                                           const Base& base) {
  int lane = threadIdx.x % 16;
  if (base.x.first && !base.weights && c < channels)
#pragma unroll 1
    for (int s = threadIdx.x / 16 / EIGHTS; s < HIGH / 2; s += THREADS / 16 / EIGHTS) {
      int y = top + 2 * s + lane / SIDE, x = left + lane % SIDE;
      if (pixels.has(y, x)) copyLater(to, base.x.at(((long)example * pixels.height + y) * pixels.width + x, c));
      to += THREADS * 16;
    }
  endCopies();
}

// Writes the results of a tile and their moments. 16 lanes next to each other have the pixels of a strip, eight channels each; a
// thread does ATONCE strips at once.
__device__ __forceinline__ void write(u32 sums, u32 asked, const Pixels& pixels, int example, int top, int left, int column, int channels,
                                      const float* bias, const Base& base, bf16* out, float2* moments) {
  constexpr int STEPS = THREADS / 16 / EIGHTS;  // strips of all threads at once
  int lane = threadIdx.x % 16, eight = threadIdx.x / 16 % EIGHTS, c = column * COLUMNS + eight * 8, first = threadIdx.x / 16 / EIGHTS;
  int x = left + lane % SIDE, u = lane / (16 / UNITS);  // the unit that the lane has in the end
  bool isChannel = c < channels, isAdded = base.x.first && !base.weights;
  Eight ofBias = {};
  if (isChannel) ofBias = ::eight(bias + c);
  bf16* to = out + (((long)example * pixels.height + top + lane / SIDE) * pixels.width + x) * channels + c;
  float2* ofUnit = moments + ((long)example * (channels >> UNIT) + (c >> UNIT) + u) * pixels.strips() +
                   (top / SIDE * pixels.across + left / SIDE) * 4;
  int inRow = min(SIDE, pixels.width - left);
#pragma unroll 1
  for (int begin = first; begin < HIGH / 2; begin += ATONCE * STEPS) {
    Eight e[ATONCE];
    bool isHere[ATONCE];
    uint4 words[ATONCE];
#pragma unroll
    for (int i = 0; i < ATONCE; i++) {
      int s = begin + i * STEPS;
      isHere[i] = isChannel && pixels.has(top + 2 * s + lane / SIDE, x);
      u32 from = sums + (16 * s + lane) * PITCH + eight * 32;
      float4 low = four(from), high = four(from + 16);
      e[i] = {{low.x, low.y, low.z, low.w, high.x, high.y, high.z, high.w}};
      Eight more = eightShared(asked);
      asked += THREADS * 16;
#pragma unroll
      for (int k = 0; k < 8; k++) e[i].x[k] += ofBias.x[k] + (isAdded ? more.x[k] : 0.f);
      words[i] = {packed(e[i].x[0], e[i].x[1]), packed(e[i].x[2], e[i].x[3]), packed(e[i].x[4], e[i].x[5]), packed(e[i].x[6], e[i].x[7])};
    }
#pragma unroll
    for (int i = 0; i < ATONCE; i++)
      if (isHere[i]) *(uint4*)(to + (long)2 * (begin + i * STEPS) * pixels.width * channels) = words[i];
    if (moments) {
      float2 of[ATONCE][UNITS];
      float pivot[ATONCE];
#pragma unroll
      for (int i = 0; i < ATONCE; i++) {
        e[i] = ::eight(words[i]);
#pragma unroll
        for (int unit = 0; unit < UNITS; unit++) {
          float other = __shfl_sync(~0u, e[i].x[unit << UNIT], threadIdx.x & 16);
          if (unit == 0 || unit == u) pivot[i] = other;
          of[i][unit] = {0.f, 0.f};
#pragma unroll
          for (int k = 0; k < 1 << UNIT; k++) {
            float distance = isHere[i] ? e[i].x[(unit << UNIT) + k] - other : 0.f;
            of[i][unit].x += distance;
            of[i][unit].y += distance * distance;
          }
        }
      }
#pragma unroll
      for (int i = 0; i < ATONCE; i++) addUp<UNITS>(of[i], lane, 8);
#pragma unroll
      for (int i = 0; i < ATONCE; i++) {
        int s = begin + i * STEPS, values = max(0, min(2, pixels.height - top - 2 * s)) * inRow << UNIT;
        float each = __fdividef(1.f, max(1, values));
        float2 found = {pivot[i] + of[i][0].x * each, of[i][0].y - of[i][0].x * of[i][0].x * each};
        if (isChannel && lane % (16 / UNITS) == 0 && top + s / 4 * SIDE < pixels.height)
          ofUnit[s / 4 * pixels.across * 4 + s % 4] = values > 0 ? found : make_float2(0.f, 0.f);
      }
    }
  }
}

// out [B, H, W, O] = base + bias + conv(swish(norm(x))), as convolveFew. Blocks: one for each tile of results, its channels before
// its pixels. filters [O / COLUMNS, C / 16, 9, 2, COLUMNS, 8], O rounded up; weights [O / COLUMNS, P / 16, 1, 2, COLUMNS, 8].
extern "C" __global__ void __launch_bounds__(ALL, 2)
    convolveMany(const bf16* ofFirst, const bf16* ofSecond, int ofLeft, int channels, const float2* momentsOfFirst,
                 const float2* momentsOfSecond, const float* scale, const float* shift, int normStride, const bf16* filters,
                 const float* bias, int biasStride, const bf16* ofBaseFirst, const bf16* ofBaseSecond, int ofBaseLeft,
                 int baseChannels, const bf16* weights, bf16* out, float2* momentsOfOut, int height, int width, int outChannels,
                 float epsilon) {
  __shared__ u64 barriers[2 * STAGES + 2 * BUFFERS];
  __shared__ float2 ofGroups[GROUPS];
  Maps x = {ofFirst, ofSecond, ofLeft, channels};
  Base base = {{ofBaseFirst, ofBaseSecond, ofBaseLeft, baseChannels}, weights};
  Pixels pixels(height, width);
  int convolved = channels / CHUNK, chunks = convolved + (weights ? baseChannels / CHUNK : 0);
  int columns = (outChannels + COLUMNS - 1) / COLUMNS, column = blockIdx.x % columns, at = blockIdx.x / columns;
  int perExample = (height + HIGH - 1) / HIGH * pixels.across, example = at / perExample;
  at -= example * perExample;
  int top = at / pixels.across * HIGH, left = at % pixels.across * SIDE;
  float2* affine = (float2*)memory;  // factor and offset of each channel
  u32 buffers = sharedAddress(memory) + channels * 8, ring = buffers + BUFFERS * BUFFER;
  // Barriers: of filters that are there and that are given back, of chunks that are normalised and that are given back.
  u32 full = sharedAddress(barriers), empty = full + 8 * STAGES, ready = empty + 8 * STAGES, multiplied = ready + 8 * BUFFERS;
  int thread = threadIdx.x, warp = __shfl_sync(~0u, thread / 32, 0), lane = thread % 32;
  bool isMultiplying = warp < THREADS / 32;
  if (thread == 0) {
    for (int i = 0; i < STAGES; i++) {
      initBarrier(full + 8 * i, 1);
      initBarrier(empty + 8 * i, THREADS / 32 * OF_WARP);
    }
    for (int i = 0; i < BUFFERS; i++) {
      initBarrier(ready + 8 * i, PREPARING / 32 * OF_WARP);
      initBarrier(multiplied + 8 * i, THREADS / 32 * OF_WARP);
    }
    publishBarriers();
  }
  __syncthreads();
  Filters toCome = {filters, weights, column, convolved * OF_CHUNK, chunks - convolved, ring, full};
  if (thread == 0)
    for (int i = 0; i < STAGES; i++) toCome.ask();

  long origin = (long)example * height * width;
  Chunks<ALL, COLUMNS == 64 ? 4 : 5> first(thread, pixels, top - 1, left - 1, origin);
  Chunks<PREPARING, 3> next(thread - THREADS, pixels, top - 1, left - 1, origin);
  auto askFor = [&](int chunk) {
    bool isConvolved = chunk < convolved;
    Maps of = {isConvolved ? x.first : base.x.first, isConvolved ? x.second : base.x.second, isConvolved ? x.left : base.x.left,
               isConvolved ? x.channels : base.x.channels};
    if (chunk >= BUFFERS) waitFor(multiplied + 8 * (chunk % BUFFERS), (chunk / BUFFERS & 1) ^ 1);
    next.ask(pixels, of, (isConvolved ? chunk : chunk - convolved) * CHUNK, buffers + chunk % BUFFERS * BUFFER);
  };
  // What is added is asked for at once where a buffer is left for it, otherwise behind the products.
  bool isEarly = COLUMNS == 64 && chunks < BUFFERS;
  u32 asked = buffers + (isEarly ? (BUFFERS - 1) * BUFFER : HIGH * SIDE * PITCH) + thread * 16;
  auto askForWhatIsAdded = [&]() {
    askForBase(asked, pixels, example, top, left, column * COLUMNS + thread / 16 % EIGHTS * 8, outChannels, base);
  };
  int size = channels / GROUPS, c = thread % THREADS / LANES * size;
  bool isOfFirst = c < ofLeft;
  GroupMoments ofGroup(isOfFirst ? momentsOfFirst : momentsOfSecond, example, isOfFirst ? ofLeft : channels - ofLeft,
                       isOfFirst ? c : c - ofLeft, size, pixels);
  letNextBegin();
  awaitEarlier();
  first.ask(pixels, x, 0, buffers);
  if (!isMultiplying && chunks > 1)
    askFor(1);
  else if (isMultiplying && isEarly)
    askForWhatIsAdded();
  else
    endCopies();
  long ofNorm = (long)example * normStride + thread;  // there are no more channels than threads
  float ofScale = thread < channels ? scale[ofNorm] : 0.f, ofShift = thread < channels ? shift[ofNorm] : 0.f;
  if (isMultiplying) {
    float2 m = ofGroup.of<LANES, 8>(pixels, epsilon);
    if (thread % LANES == 0) ofGroups[thread / LANES] = m;
  }
  __syncthreads();
  if (thread < channels) {
    float2 own = ofGroups[thread / size];
    float factor = own.y * ofScale;
    affine[ofChannel(thread)] = {factor, ofShift - own.x * factor};
  }
  __syncthreads();
  awaitCopies<1>();
  first.normalise((const float4*)affine, buffers);
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
  __syncthreads();

  if (!isMultiplying) {
    for (int chunk = 0; chunk < chunks; chunk++) {
      bool isNext = chunk > 0 && chunk + 1 < chunks;
      if (BUFFERS > 2 && isNext) askFor(chunk + 1);
      if (chunk > 0) {
        if (BUFFERS > 2 && isNext)
          awaitCopies<1>();
        else
          awaitCopies<0>();
        if (chunk < convolved) next.normalise((const float4*)affine + chunk * (CHUNK / 2), buffers + chunk % BUFFERS * BUFFER);
      }
      asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
      __syncwarp();
      if (arrives(lane)) arrive(ready + 8 * (chunk % BUFFERS));
      if (BUFFERS == 2 && isNext) askFor(chunk + 1);
    }
    return;
  }

  int group = warp / 4;
  float sum[COLUMNS / 2];
#pragma unroll
  for (int i = 0; i < COLUMNS / 2; i++) sum[i] = 0.f;
  hold<COLUMNS / 2>(sum);
  Place p, given;
  u32 before = 0;
  int begun = 0;
  // Begins four products, the first of which is the step-th of a chunk; where it is not convolved, of the middle place alone. Then
  // asks for what comes in the place of the stage before the last, which all warps have given back, or are about to, and gives back
  // the last.
  auto multiply = [&](u32 buffer, int step, bool isConvolved) {
    waitFor(full + 8 * p.slot, p.parity);
    beginProducts();
    u64 b = planes(ring + p.slot * STAGE, STEP / 2, 128);
#pragma unroll
    for (int i = 0; i < OF_STAGE; i++) {
      int k = isConvolved ? (step + i) / 9 : i, place = isConvolved ? (step + i) % 9 : 4;
      productOfTile(sum, planes(buffer + k * 2 * PLANE + ((SIDE * group + place / 3) * BORDERED + place % 3) * 16, PLANE, BORDERED * 16),
                    b + i * BYTES(STEP));
    }
    commitProducts();
    if (thread == 0 && ++begun > 2) {
      waitFor(empty + 8 * given.slot, given.parity);
      toCome.ask();
      given.next(STAGES);
    }
    __syncwarp();
    awaitProducts<1>();
    if (before && arrives(lane)) arrive(before);
    before = empty + 8 * p.slot;
    p.next(STAGES);
  };
  for (int chunk = 0; chunk < chunks; chunk++) {
    u32 slot = chunk % BUFFERS, buffer = buffers + slot * BUFFER;
    waitFor(ready + 8 * slot, chunk / BUFFERS & 1);
    multiply(buffer, 0, chunk < convolved);
    if (chunk > 0 && arrives(lane)) arrive(multiplied + 8 * ((chunk - 1) % BUFFERS));
    if (chunk < convolved)
#pragma unroll
      for (int s = 1; s < OF_CHUNK; s++) multiply(buffer, s * OF_STAGE, true);
  }
  awaitProducts<0>();
  hold<COLUMNS / 2>(sum);
  awaitMultiplying();  // nobody reads the buffers any more

  if (!isEarly) askForWhatIsAdded();
  storeSums(sum, buffers);
  awaitCopies<0>();
  awaitMultiplying();
  write(buffers, asked, pixels, example, top, left, column, outChannels, bias + (long)example * biasStride, base, out, momentsOfOut);
}
