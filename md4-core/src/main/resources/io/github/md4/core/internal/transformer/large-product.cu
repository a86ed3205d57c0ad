// Products of many rows on Hopper's tensor cores with what follows them in one kernel: the rotation of queries and keys, the
// gated activation, or nothing. NVRTC compiles this behind attention.cu, with the constants W, AFTER and GATE of product.cu.
//
// Persistent: a block takes a tile of 128 rows of x and 256 of w after another, 64 rows for each of two warpgroups; a third one
// asks for the next tile meanwhile. A sum is added up by one thread in one order: results are the same bit for bit in each run.

#define STAGES 4
#define HIGH 128                                // rows of x of a block's tile
#define ACROSS 256                              // rows of w of a tile
#define HALF (ACROSS / 2)
#define STAGE ((HIGH + ACROSS) * ROW)           // bytes
#define THREADS (3 * GROUP)
#define COLUMNS (AFTER == 2 ? HALF : ACROSS)    // of a tile's results

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

__device__ __forceinline__ float gateOf(float x) {
  float s = __fdividef(1.f, 1.f + __expf(-x));
#if GATE == 0
  return s;
#else
  return x * s;
#endif
}

// y [rows, columns] = x [rows, 64 steps] w [., 64 steps]', columns a multiple of 64. Maps: of x and of w in tiles of 128 rows.
// AFTER 1: the first `rotated` columns are heads of W = 64 channels, turned in pairs by their angles, [length, 32].
// AFTER 2: y = value * activation(gate); w has the rows of values, then, `rotated` rows further, those of gates.
extern "C" __global__ void __launch_bounds__(THREADS, 1)
    largeProduct(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w, bf16* __restrict__ y,
                 const float* __restrict__ cosines, const float* __restrict__ sines, int rows, int columns, int steps,
                 int rotated, int length) {
  __shared__ u64 barriers[2 * STAGES];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u, results = base + STAGES * STAGE;
  u32 full = sharedAddress(barriers), empty = full + 8 * STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      initBarrier(full + 8 * i, 1);
      initBarrier(empty + 8 * i, 8);  // the warps that compute
    }
    publishBarriers();
  }
  __syncthreads();
  int across = (columns + COLUMNS - 1) / COLUMNS, tiles = across * ((rows + HIGH - 1) / HIGH);
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);

  if (group == 2) {
    fewerRegisters<40>();
    if (threadIdx.x == 2 * GROUP) {
      awaitEarlier();
      letNextBegin();
      Place p;
      for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
        int firstRow = t / across * HIGH, firstColumn = t % across * COLUMNS;
        for (int i = 0; i < steps; i++) {
          waitFor(empty + 8 * p.slot, p.parity ^ 1);
          u32 to = base + p.slot * STAGE, b = full + 8 * p.slot;
          expectBytes(b, STAGE);
          loadTile(to, x, 64 * i, firstRow, 0, b);
#pragma unroll
          for (int half = 0; half < 2; half++) {
            u32 at = to + (HIGH + half * HALF) * ROW;
            int row = firstColumn + half * (AFTER == 2 ? rotated : HALF);
            loadTile(at, w, 64 * i, row, 0, b);
          }
          p.next(STAGES);
        }
      }
    }
    __syncwarp();
  } else {
    moreRegisters<232>();
    int thread = threadIdx.x % GROUP, lane = thread % 32;
    u32 given = describe(base + group * TILE), weights = describe(base + HIGH * ROW);
    auto giveBack = [&](u32 slot) {
      if (lane == 0) arrive(empty + 8 * slot);
    };
    Place p;
    for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
      int firstRow = t / across * HIGH + group * 64, firstColumn = t % across * COLUMNS;
      float sum[128];
#pragma unroll
      for (int i = 0; i < 128; i++) sum[i] = 0.f;
      hold<128>(sum);
      u32 before = 0;
      // Otherwise the loop is unrolled seven times, and ptxas takes ten times as long.
#pragma unroll 1
      for (int i = 0; i < steps; i++) {
        waitFor(full + 8 * p.slot, p.parity);
        u32 at = p.slot * BYTES(STAGE);
        beginProducts();
#pragma unroll
        for (int c = 0; c < 4; c++)
          productAcross(sum, descriptor(given + at + c * BYTES(32)), descriptor(weights + at + c * BYTES(32)));
        commitProducts();
        awaitProducts<1>();
        if (i > 0) giveBack(before);
        before = p.slot;
        p.next(STAGES);
      }
      awaitProducts<0>();
      hold<128>(sum);
      giveBack(before);

#if AFTER == 1
      if (firstColumn < rotated) {
        float2 angle[16];  // of the thread's pairs
#pragma unroll
        for (int h = 0; h < 2; h++)
#pragma unroll
          for (int j = 0; j < 8; j++) {
            int of = (firstRow + thread / 32 * 16 + lane / 4 + 8 * h) % length * 32 + 4 * j + lane % 4;
            angle[2 * j + h] = {cosines[of], sines[of]};
          }
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
#endif
      bf16* to = y + (long)firstRow * columns + firstColumn;
#pragma unroll
      for (int n = 0; n < COLUMNS / 64; n++)
        if (firstColumn + 64 * n < columns)
          storeRows<false>(sum + 32 * n, 1.f, 1.f, results + group * TILE, to + 64 * n, columns, rows - firstRow, 0, thread);
    }
  }
}
