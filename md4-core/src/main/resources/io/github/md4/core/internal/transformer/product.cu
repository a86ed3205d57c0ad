// Products of few rows on Hopper's tensor cores, and what follows them, in one kernel. NVRTC compiles this behind attention.cu,
// of which it uses the copies and the tensor cores, with these constants:
//   W      width of a head
//   PARTS  blocks that share the sum of one tile, 1, 2 or 4: a cluster that adds up through its shared memory
//   AFTER  what follows: 0 nothing, 1 rotation of queries and keys, 2 the gated activation
//   GATE   as in fused.cu, 0 or 1
//
// With few rows a product takes as long as its weights are under way. So a block asks for weights before the kernel in front of
// it has ended, and waits for that one's results only then; kernels are launched with programmatic dependencies. A sum is added
// up in one order: results are the same bit for bit in each run.

#define STAGES 6
#define STAGE (2 * TILE)  // 64 rows of x, 64 of w
#define THREADS (GROUP + 32)
#define COLUMNS (AFTER == 2 ? 32 : 64)  // of a block's results

__device__ __forceinline__ void meetCluster() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}
// A number in the shared memory of a block of the cluster.
__device__ __forceinline__ float ofBlock(u32 address, u32 block) {
  u32 there;
  float x;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(block));
  asm volatile("ld.shared::cluster.f32 %0, [%1];" : "=f"(x) : "r"(there) : "memory");
  return x;
}

__device__ __forceinline__ float gateOf(float x) {
  float s = __fdividef(1.f, 1.f + __expf(-x));
#if GATE == 0
  return s;
#else
  return x * s;
#endif
}

// y [rows, stride] = x [rows, K] w [., K]'. Maps: of x in tiles of 64 rows, of w in tiles of 32. A tile of results is 64 rows by
// COLUMNS columns; blocks: PARTS for each tile, rows first. steps: K / 64 / PARTS.
// AFTER 1: the first `rotated` columns are heads of W = 64 channels, turned in pairs by their angles, [length, 32].
// AFTER 2: y = value * activation(gate); w has the rows of values, then, `rotated` rows further, those of gates.
extern "C" __global__ void __launch_bounds__(THREADS)
#if PARTS > 1
    __cluster_dims__(PARTS, 1, 1)
#endif
        product(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w, bf16* __restrict__ y,
                const float* __restrict__ cosines, const float* __restrict__ sines, int rows, int stride, int steps, int rotated, int length) {
  __shared__ u64 barriers[2 * STAGES];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u, full = sharedAddress(barriers), empty = full + 8 * STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      initBarrier(full + 8 * i, 1);
      initBarrier(empty + 8 * i, 4 * OF_WARP);
    }
    publishBarriers();
  }
  __syncthreads();
  int part = blockIdx.x % PARTS, tile = blockIdx.x / PARTS, high = (rows + 63) / 64;
  int firstRow = tile % high * 64, firstColumn = tile / high * COLUMNS;
  int warp = __shfl_sync(~0u, (int)threadIdx.x / 32, 0), lane = threadIdx.x % 32;

  if (warp == 4) {
    if (lane == 0) {
      int second = AFTER == 2 ? rotated + firstColumn : firstColumn + 32;
      auto weights = [&](int i, u32 slot) {
        u32 to = base + slot * STAGE + TILE, b = full + 8 * slot;
        expectBytes(b, STAGE);
        loadTile(to, w, (part * steps + i) * 64, firstColumn, 0, b);
        loadTile(to + TILE / 2, w, (part * steps + i) * 64, second, 0, b);
      };
      auto given = [&](int i, u32 slot) {
        loadTile(base + slot * STAGE, x, (part * steps + i) * 64, firstRow, 0, full + 8 * slot);
      };
      int early = min(steps, STAGES);
      for (int i = 0; i < early; i++) weights(i, i);
      awaitEarlier();
      letNextBegin();
      for (int i = 0; i < early; i++) given(i, i);
      Place p;
      for (int i = STAGES; i < steps; i++) {
        waitFor(empty + 8 * p.slot, p.parity);
        weights(i, p.slot);
        given(i, p.slot);
        p.next(STAGES);
      }
    }
#if PARTS > 1
    __syncwarp();
    meetCluster();
    meetCluster();
#endif
    return;
  }

  float sum[32];
#pragma unroll
  for (int i = 0; i < 32; i++) sum[i] = 0.f;
  int row = firstRow + warp * 16 + lane / 4;  // the first of the thread's two
#if AFTER == 1
  float2 angle[16];  // of the thread's pairs
#pragma unroll
  for (int h = 0; h < 2; h++)
#pragma unroll
    for (int j = 0; j < 8; j++)
      if (firstColumn < rotated) {
        int at = (row + 8 * h) % length * 32 + 4 * j + lane % 4;
        angle[2 * j + h] = {cosines[at], sines[at]};
      }
#endif
  u32 tiles = describe(base);
  Place p;
  u32 before = empty;
  hold<32>(sum);
  for (int i = 0; i < steps; i++) {
    waitFor(full + 8 * p.slot, p.parity);
    u32 at = tiles + p.slot * BYTES(STAGE);
    beginProducts();
#pragma unroll
    for (int c = 0; c < 4; c++)
      productShared(sum, descriptor(at + c * BYTES(32)), descriptor(at + BYTES(TILE) + c * BYTES(32)), 1);
    commitProducts();
    awaitProducts<1>();
    if (i > 0 && arrives(lane)) arrive(before);
    before = empty + 8 * p.slot;
    p.next(STAGES);
  }
  awaitProducts<0>();
  hold<32>(sum);
  awaitEarlier();  // who reads y of before has ended

#if PARTS > 1
  // Each block adds up its share of the columns over all blocks, in their order.
  asm volatile("bar.sync 1, 128;" ::: "memory");  // all have read the tiles
#pragma unroll
  for (int i = 0; i < 32; i++)
    asm volatile("st.shared.f32 [%0], %1;" ::"r"(base + (i * GROUP + threadIdx.x) * 4), "f"(sum[i]) : "memory");
  meetCluster();
  constexpr int own = 32 / PARTS;
#pragma unroll
  for (int i = 0; i < own; i++) {
    sum[i] = 0.f;
#pragma unroll
    for (int b = 0; b < PARTS; b++)
      sum[i] += ofBlock(base + ((part * own + i) * GROUP + threadIdx.x) * 4, b);
  }
#pragma unroll
  for (int i = 0; i < own; i += 2) {
    int at = row + (i % 4 / 2) * 8, column = firstColumn + (part * own + i) / 4 * 8 + lane % 4 * 2;
    if (at < rows) *(u32*)(y + (long)at * stride + column) = packed(sum[i], sum[i + 1]);
  }
  meetCluster();
#elif AFTER == 2
#pragma unroll
  for (int j = 0; j < 4; j++)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float a = sum[4 * j + 2 * h] * gateOf(sum[4 * (j + 4) + 2 * h]);
      float b = sum[4 * j + 2 * h + 1] * gateOf(sum[4 * (j + 4) + 2 * h + 1]);
      if (row + 8 * h < rows)
        *(u32*)(y + (long)(row + 8 * h) * stride + firstColumn + 8 * j + lane % 4 * 2) = packed(a, b);
    }
#else
#if AFTER == 1
  if (firstColumn < rotated)
#pragma unroll
    for (int j = 0; j < 8; j++)
#pragma unroll
      for (int h = 0; h < 2; h++) {
        float2 a = angle[2 * j + h];
        float even = sum[4 * j + 2 * h], odd = sum[4 * j + 2 * h + 1];
        sum[4 * j + 2 * h] = even * a.x - odd * a.y;
        sum[4 * j + 2 * h + 1] = even * a.y + odd * a.x;
      }
#endif
  asm volatile("bar.sync 1, 128;" ::: "memory");  // all have read the tiles
  storeRows(sum, 1.f, 1.f, base, y + (long)firstRow * stride + firstColumn, stride, rows - firstRow, threadIdx.x, NotTurned());
#endif
}
