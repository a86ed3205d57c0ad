// Products of many rows on Hopper's tensor cores with what follows them in one kernel: the rotation of queries and keys, the
// gated activation, the residual sum with the next norm, or nothing. NVRTC compiles this behind attention.cu, with the constants
// W, AFTER and GATE of product.cu, and where a norm follows:
//   ACROSS  rows of w of a tile, 256 or 384
//   BLOCKS  blocks that share rows: ACROSS * BLOCKS is the width of the residual stream
//   WIDE    1 if that stream is float32, 0 if bfloat16
//
// Persistent: a block takes a tile of 128 rows of x and 256 of w after another, 64 rows for each of two warpgroups; a third one
// asks for the next tile meanwhile. A sum is added up by one thread in one order: results are the same bit for bit in each run.

#ifndef ACROSS
#define ACROSS 256                              // rows of w of a tile
#define BLOCKS 1
#define WIDE 0
#endif
#define STAGES (ACROSS == 384 ? 3 : 4)
#define HIGH 128                                // rows of x of a block's tile
#define PART 128                                // rows of w that are copied at a time
#define STAGE ((HIGH + ACROSS) * ROW)           // bytes
#define THREADS (3 * GROUP)
#define COLUMNS (AFTER == 2 ? PART : ACROSS)    // of a tile's results
#define SUMS (ACROSS / 2)                       // of a thread
#define REGISTERS (ACROSS == 384 ? COMPUTING_REGISTERS : 232)

#define LIST128 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, " \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, " \
  "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, " \
  "%65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, " \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95, %96, %97, %98, %99, %100, %101, %102, %103, %104, %105, " \
  "%106, %107, %108, %109, %110, %111, %112, %113, %114, %115, %116, %117, %118, %119, %120, %121, %122, " \
  "%123, %124, %125, %126, %127}, "

// d [64, 256] += a [64, 16] b [256, 16]', both in shared memory with their 16 next to each other.
__device__ __forceinline__ void productAcross(float* d, u64 a, u64 b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n256k16.f32.bf16.bf16 " LIST128 "%128, %129, 1, 1, 1, 0, 0;\n"
               : OUT16(d, 0), OUT16(d, 16), OUT16(d, 32), OUT16(d, 48), OUT16(d, 64), OUT16(d, 80), OUT16(d, 96), OUT16(d, 112)
               : "l"(a), "l"(b));
}

#define LIST96 \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, " \
  "%23, %24, %25, %26, %27, %28, %29, %30, %31, %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, " \
  "%44, %45, %46, %47, %48, %49, %50, %51, %52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63, %64, " \
  "%65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79, %80, %81, %82, %83, %84, %85, " \
  "%86, %87, %88, %89, %90, %91, %92, %93, %94, %95}, "

// d [64, 192] += a [64, 16] b [192, 16]', as productAcross.
__device__ __forceinline__ void productHalf(float* d, u64 a, u64 b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n192k16.f32.bf16.bf16 " LIST96 "%96, %97, 1, 1, 1, 0, 0;\n"
               : OUT16(d, 0), OUT16(d, 16), OUT16(d, 32), OUT16(d, 48), OUT16(d, 64), OUT16(d, 80)
               : "l"(a), "l"(b));
}

// d [64, ACROSS] += a [64, 16] b [ACROSS, 16]', descriptors' low words.
__device__ __forceinline__ void productOfTile(float* d, u32 a, u32 b) {
#if ACROSS == 384
  productHalf(d, descriptor(a), descriptor(b));
  productHalf(d + 96, descriptor(a), descriptor(b + BYTES(192 * ROW)));
#else
  productAcross(d, descriptor(a), descriptor(b));
#endif
}

__device__ __forceinline__ float gateOf(float x) {
  float s = __fdividef(1.f, 1.f + __expf(-x));
#if GATE == 0
  return s;
#else
  return x * s;
#endif
}

#if AFTER == 3
// ---- the residual sum and the next norm behind a product ----

#if WIDE
typedef float stream;
#else
typedef bf16 stream;
#endif
#define STREAM_COLUMNS (ROW / (int)sizeof(stream))  // of a tile of the stream, 128 rows high
#define STREAM_TILES (ACROSS == 384 ? 3 : 2)        // of them in a stage
#define STREAM_STAGES (ACROSS / STREAM_COLUMNS / STREAM_TILES)
#define VECTOR (2 * ACROSS)                         // bytes of a block's part of a vector

// With y the product: next = h + gate * y, a = LN(next) (1 + scale) + shift. gates and mods [examples, vectors, D] have the gate
// at gateIndex, the shift at shiftIndex and the scale behind it. Examples have `length` rows: at least 128, so that a tile has rows
// of two at most, and a multiple of 16, so that a warp has rows of one.
struct NormGiven {
  const bf16* gates;
  int gateVectors, gateIndex;
  const bf16* mods;
  int modVectors, shiftIndex;
  stream* next;
  int examples, length;
};

// What a block shares besides its ring: gate, shift and scale of the two examples that its rows may belong to, and, by turns,
// the moments of its rows over the columns of each of the blocks that have these rows.
struct Meeting {
  u64 full, empty;        // the vectors' barriers
  u64 arrived[2][8];      // of the moments of each warp's rows
  float2 moments[2][BLOCKS][HIGH];
  alignas(16) bf16 vectors[2][3][ACROSS];
};
__device__ __forceinline__ Meeting& meeting() {
  __shared__ Meeting shared;
  return shared;
}

__device__ __forceinline__ void beginMeetings() {
  Meeting& m = meeting();
  initBarrier(sharedAddress(&m.full), 1);
  initBarrier(sharedAddress(&m.empty), 8 * OF_WARP);
  for (int i = 0; i < 16; i++) initBarrier(sharedAddress(&m.arrived[0][i]), 8 * BLOCKS);
}
// Waits for all threads of the blocks that share rows.
__device__ __forceinline__ void meetBlocks() {
#if BLOCKS > 1
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
#else
  __syncthreads();
#endif
}
__device__ __forceinline__ void storeThere(u32 to, float x, float y) {
  asm volatile("st.shared::cluster.v2.f32 [%0], {%1, %2};" ::"r"(to), "f"(x), "f"(y) : "memory");
}
__device__ __forceinline__ u32 word(u32 at) {
  u32 x;
  asm volatile("ld.shared.b32 %0, [%1];" : "=r"(x) : "r"(at));
  return x;
}

// Asks for the stream of a tile, as further stages of the ring; before that, for the vectors, which the stages wait for.
__device__ __forceinline__ void loadStream(Place& p, u32 base, u32 full, u32 empty, const TensorMap& h, int row, int column) {
  for (int s = 0; s < STREAM_STAGES; s++) {
    waitFor(empty + 8 * p.slot, p.parity ^ 1);
    u32 to = base + p.slot * STAGE, b = full + 8 * p.slot;
    expectBytes(b, STREAM_TILES * HIGH * ROW);
    for (int i = 0; i < STREAM_TILES; i++)
      loadTile(to + i * HIGH * ROW, h, column + (s * STREAM_TILES + i) * STREAM_COLUMNS, row, 0, b);
    p.next(STAGES);
  }
}
__device__ __forceinline__ void loadVectors(const NormGiven& g, u32 tile, int row, int column) {
  Meeting& m = meeting();
  u32 b = sharedAddress(&m.full);
  waitFor(sharedAddress(&m.empty), tile & 1 ^ 1);
  expectBytes(b, 6 * VECTOR);
  for (int e = 0; e < 2; e++) {
    long example = min(row / g.length + e, g.examples - 1), width = ACROSS * BLOCKS;
    const bf16* gate = g.gates + (example * g.gateVectors + g.gateIndex) * width + column;
    const bf16* shift = g.mods + (example * g.modVectors + g.shiftIndex) * width + column;
    loadBytes(sharedAddress(m.vectors[e][0]), gate, VECTOR, b);
    loadBytes(sharedAddress(m.vectors[e][1]), shift, VECTOR, b);
    loadBytes(sharedAddress(m.vectors[e][2]), shift + width, VECTOR, b);
  }
}

// The moments of a thread's two rows: the mean, and the sum of the squares of what differs from it.
struct RowMoments { float mean[2], squares[2]; };

// Those over a block's columns.
__device__ __forceinline__ RowMoments momentsOf(const float* x) {
  float sum[2][2] = {}, squares[2][2] = {};
  RowMoments m;
#pragma unroll
  for (int i = 0; i < SUMS; i++) sum[i / 2 % 2][i % 2] += x[i];
#pragma unroll
  for (int h = 0; h < 2; h++) m.mean[h] = sumOfFour(sum[h][0] + sum[h][1]) * (1.f / ACROSS);
#pragma unroll
  for (int i = 0; i < SUMS; i++) {
    float deviation = x[i] - m.mean[i / 2 % 2];
    squares[i / 2 % 2][i % 2] += deviation * deviation;
  }
#pragma unroll
  for (int h = 0; h < 2; h++) m.squares[h] = sumOfFour(squares[h][0] + squares[h][1]);
  return m;
}

// A thread of those that compute. row: of its first row in the block's tile; the other one is 8 further.
struct NormThread {
  int group, thread, warp, quad, row;
  u32 tiles = 0;  // so far
  __device__ __forceinline__ NormThread(int group, int thread)
      : group(group), thread(thread), warp(group * 4 + thread / 32), quad(thread % 4),
        row(group * 64 + thread / 32 * 16 + thread % 32 / 4) {}

  // x <- h + gate * x in the type of the stream, which is stored. vectors: of the thread's columns. left: rows from the
  // warpgroup's first on.
  template <typename GiveBack>
  __device__ __forceinline__ void add(float* x, Place& p, u32 base, u32 full, GiveBack giveBack, u32 vectors, stream* next,
                                      int width, int left) {
    int lane = thread % 32, of = thread / 32;
#pragma unroll
    for (int s = 0; s < STREAM_STAGES; s++) {
      waitFor(full + 8 * p.slot, p.parity);
      u32 stage = base + p.slot * STAGE + group * TILE;
#pragma unroll
      for (int i = 0; i < STREAM_TILES; i++) {
        u32 tile = stage + i * HIGH * ROW;
        int first = (s * STREAM_TILES + i) * (STREAM_COLUMNS / 8);
#if WIDE
#pragma unroll
        for (int k = 0; k < 4; k++) {
          int j = first + k;
          u32 gate = word(vectors + 16 * j);
#pragma unroll
          for (int h = 0; h < 2; h++) {
            u32 pair = tile + (of * 16 + lane / 4 + 8 * h) * ROW + ((2 * k + quad / 2 ^ row & 7) << 4) + quad % 2 * 8;
            float &even = x[4 * j + 2 * h], &odd = x[4 * j + 2 * h + 1];
            even = __uint_as_float(word(pair)) + low(gate) * even;
            odd = __uint_as_float(word(pair + 4)) + high(gate) * odd;
            if (of * 16 + lane / 4 + 8 * h < left)
              *(float2*)(next + (long)(of * 16 + lane / 4 + 8 * h) * width + 8 * j + 2 * quad) = {even, odd};
          }
        }
#else
#pragma unroll
        for (int k = 0; k < 8; k += 2) {
          u32 words[4], at = tile + ownRow(of, lane) + ownChunk(k, lane);
          loadMatrices(at, words);
#pragma unroll
          for (int m = 0; m < 4; m++) {
            int j = first + k + m / 2, h = m % 2;
            u32 gate = word(vectors + 16 * j);
            float &even = x[4 * j + 2 * h], &odd = x[4 * j + 2 * h + 1];
            words[m] = packed(low(words[m]) + low(gate) * even, high(words[m]) + high(gate) * odd);
            even = low(words[m]);
            odd = high(words[m]);
          }
          storeMatrices(at, words);
        }
#endif
      }
      __syncwarp();
#if !WIDE
#pragma unroll
      for (int i = 0; i < STREAM_TILES; i++)
        copyRows(stage + i * HIGH * ROW, next + (s * STREAM_TILES + i) * 64, width, left, of, lane);
      __syncwarp();
#endif
      giveBack(p.slot);
      p.next(STAGES);
    }
  }

  __device__ __forceinline__ void send(const RowMoments& own) {
    Meeting& m = meeting();
    u32 turn = tiles & 1, rank = 0;
    asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(rank));
    if (quad == 0)
      for (u32 block = 0; block < BLOCKS; block++) {
        u32 to = inBlock(sharedAddress(&m.moments[turn][rank][row]), block);
        for (int h = 0; h < 2; h++) storeThere(to + h * 8 * (u32)sizeof(float2), own.mean[h], own.squares[h]);
        publishThere(inBlock(sharedAddress(&m.arrived[turn][warp]), block));
      }
  }

  // Those over all columns, which follow from those over each block's (Chan, Golub and LeVeque, 1983).
  __device__ __forceinline__ RowMoments receive() {
    Meeting& m = meeting();
    u32 turn = tiles & 1;
    waitForBlocks(sharedAddress(&m.arrived[turn][warp]), tiles >> 1 & 1);
    RowMoments all;
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float mean = 0.f, squares = 0.f;
#pragma unroll
      for (int b = 0; b < BLOCKS; b++) mean += m.moments[turn][b][row + 8 * h].x;
      mean *= 1.f / BLOCKS;
#pragma unroll
      for (int b = 0; b < BLOCKS; b++) {
        float2 of = m.moments[turn][b][row + 8 * h];
        squares += of.y + ACROSS * (of.x - mean) * (of.x - mean);
      }
      all.mean[h] = mean;
      all.squares[h] = squares;
    }
    return all;
  }

  // x becomes the next branch's input, and the stream is stored. firstRow: of the warpgroup's.
  template <typename GiveBack>
  __device__ __forceinline__ void through(float* x, Place& p, u32 base, u32 full, GiveBack giveBack, const NormGiven& g,
                                          int rows, int firstRow, int firstColumn) {
    Meeting& m = meeting();
    int width = ACROSS * BLOCKS, first = firstRow - group * 64, example = first / g.length;
    u32 vectors = sharedAddress(m.vectors[min((first + row) / g.length - example, 1)]) + 4 * quad;
    waitFor(sharedAddress(&m.full), tiles & 1);
    add(x, p, base, full, giveBack, vectors, g.next + (long)firstRow * width + firstColumn, width, rows - firstRow);
    RowMoments moments = momentsOf(x);
    if (BLOCKS > 1) {
      send(moments);
      moments = receive();
    }
    float factor[2];
#pragma unroll
    for (int h = 0; h < 2; h++) factor[h] = rsqrtf(moments.squares[h] * (1.f / (ACROSS * BLOCKS)) + 1e-5f);
#pragma unroll
    for (int j = 0; j < ACROSS / 8; j++) {
      u32 shift = word(vectors + VECTOR + 16 * j), scale = word(vectors + 2 * VECTOR + 16 * j);
#pragma unroll
      for (int h = 0; h < 2; h++) {
        float &even = x[4 * j + 2 * h], &odd = x[4 * j + 2 * h + 1];
        even = (even - moments.mean[h]) * (low(scale) * factor[h] + factor[h]) + low(shift);
        odd = (odd - moments.mean[h]) * (high(scale) * factor[h] + factor[h]) + high(shift);
      }
    }
    __syncwarp();
    if (arrives(thread % 32)) arrive(sharedAddress(&m.empty));
    tiles++;
  }
};
#endif

// y [rows, columns] = x [rows, 64 steps] w [., 64 steps]', columns a multiple of 64. Maps: of x and of w in tiles of 128 rows.
// AFTER 1: the first `rotated` columns are heads of W = 64 channels, turned in pairs by their angles, [length, 32].
// AFTER 2: y = value * activation(gate); w has the rows of values, then, `rotated` rows further, those of gates.
// AFTER 3: the sum and the norm of NormGiven; y is the next branch's input.
extern "C" __global__ void
#if BLOCKS > 1
    __cluster_dims__(BLOCKS, 1, 1)
#endif
    __launch_bounds__(THREADS, 1)
    largeProduct(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w, bf16* __restrict__ y,
                 const float* __restrict__ cosines, const float* __restrict__ sines, int rows, int columns, int steps,
                 int rotated, int length
#if AFTER == 3
                 ,
                 const __grid_constant__ TensorMap h, const bf16* __restrict__ gates, int gateVectors, int gateIndex,
                 const bf16* __restrict__ mods, int modVectors, int shiftIndex, stream* __restrict__ next, int examples) {
  NormGiven given = {gates, gateVectors, gateIndex, mods, modVectors, shiftIndex, next, examples, length};
#else
    ) {
#endif
  __shared__ u64 barriers[2 * STAGES];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u, results = base + STAGES * STAGE;
  u32 full = sharedAddress(barriers), empty = full + 8 * STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      initBarrier(full + 8 * i, 1);
      initBarrier(empty + 8 * i, 8 * OF_WARP);  // the warps that compute
    }
#if AFTER == 3
    beginMeetings();
#endif
    publishBarriers();
  }
#if AFTER == 3
  meetBlocks();
#else
  __syncthreads();
#endif
  int across = (columns + COLUMNS - 1) / COLUMNS, tiles = across * ((rows + HIGH - 1) / HIGH);
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);

  if (group == 2) {
    fewerRegisters<ACROSS == 384 ? COPYING_REGISTERS : 40>();
    if (threadIdx.x == 2 * GROUP) {
      awaitEarlier();
      letNextBegin();
      Place p;
      u32 done = 0;
      for (int t = blockIdx.x; t < tiles; t += gridDim.x, done++) {
        int firstRow = t / across * HIGH, firstColumn = t % across * COLUMNS;
        for (int i = 0; i < steps; i++) {
          waitFor(empty + 8 * p.slot, p.parity ^ 1);
          u32 to = base + p.slot * STAGE, b = full + 8 * p.slot;
          expectBytes(b, STAGE);
          loadTile(to, x, 64 * i, firstRow, 0, b);
#pragma unroll
          for (int part = 0; part < ACROSS / PART; part++) {
            u32 at = to + (HIGH + part * PART) * ROW;
            int row = firstColumn + part * (AFTER == 2 ? rotated : PART);
            loadTile(at, w, 64 * i, row, 0, b);
          }
          p.next(STAGES);
        }
#if AFTER == 3
        loadVectors(given, done, firstRow, firstColumn);
        loadStream(p, base, full, empty, h, firstRow, firstColumn);
#endif
      }
    }
    __syncwarp();
  } else {
    moreRegisters<REGISTERS>();
    int thread = threadIdx.x % GROUP, lane = thread % 32;
    u32 mine = describe(base + group * TILE), weights = describe(base + HIGH * ROW);
    auto giveBack = [&](u32 slot) {
      if (arrives(lane)) arrive(empty + 8 * slot);
    };
    Place p;
#if AFTER == 3
    NormThread norm(group, thread);
#endif
    for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
      int firstRow = t / across * HIGH + group * 64, firstColumn = t % across * COLUMNS;
      float sum[SUMS];
#pragma unroll
      for (int i = 0; i < SUMS; i++) sum[i] = 0.f;
      hold<SUMS>(sum);
#if AFTER == 1
      float2 angle[16] = {};  // of the thread's pairs; they come while products are made
      if (firstColumn < rotated) {
#pragma unroll
        for (int h = 0; h < 2; h++)
#pragma unroll
          for (int j = 0; j < 8; j++) {
            int of = (firstRow + thread / 32 * 16 + lane / 4 + 8 * h) % length * 32 + 4 * j + lane % 4;
            angle[2 * j + h] = {cosines[of], sines[of]};
          }
      }
      hold<32>((float*)angle);
#endif
      u32 before = 0;
      // Otherwise the loop is unrolled seven times, and ptxas takes ten times as long.
#pragma unroll 1
      for (int i = 0; i < steps; i++) {
        waitFor(full + 8 * p.slot, p.parity);
        u32 at = p.slot * BYTES(STAGE);
        beginProducts();
#pragma unroll
        for (int c = 0; c < 4; c++) productOfTile(sum, mine + at + c * BYTES(32), weights + at + c * BYTES(32));
        commitProducts();
        awaitProducts<1>();
        if (i > 0) giveBack(before);
        before = p.slot;
        p.next(STAGES);
      }
      awaitProducts<0>();
      hold<SUMS>(sum);
      giveBack(before);

#if AFTER == 1
      if (firstColumn < rotated) {
#pragma unroll
        for (int n = 0; n < 4; n++)
          if (firstColumn + 64 * n < rotated)
#pragma unroll
            for (int j = 0; j < 8; j++)
#pragma unroll
              for (int h = 0; h < 2; h++) {
                float2 a = angle[2 * j + h];
                float &even = sum[32 * n + 4 * j + 2 * h], &odd = sum[32 * n + 4 * j + 2 * h + 1], was = even;
                even = was * a.x - odd * a.y;
                odd = was * a.y + odd * a.x;
              }
      }
#elif AFTER == 2
#pragma unroll
      for (int i = 0; i < 64; i++) sum[i] *= gateOf(sum[64 + i]);
#elif AFTER == 3
      norm.through(sum, p, base, full, giveBack, given, rows, firstRow, firstColumn);
#endif
      bf16* to = y + (long)firstRow * columns + firstColumn;
#pragma unroll
      for (int n = 0; n < COLUMNS / 64; n++)
        if (firstColumn + 64 * n < columns)
          storeRows(sum + 32 * n, 1.f, 1.f, results + group * TILE, to + 64 * n, columns, rows - firstRow, thread, NotTurned());
    }
  }
#if AFTER == 3
  __syncwarp();
  meetBlocks();  // the others' moments have arrived, before this block's memory is another's
#endif
}
