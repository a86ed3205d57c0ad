// The forward. A block takes 64 queries of a head for each of its warpgroups at a time, and 64 or 128 keys a step. Within a
// warpgroup the scores of the next step are asked for before the values of this one are added up, and their exponentials are
// taken meanwhile; warpgroups ask for products by turns (FlashAttention-3, arXiv 2407.08608, Section 3).

// FWD_GROUPS, of which each computes, 1 to 4; W = 128 has registers for 2. Dynamic shared memory: 1024 bytes to align, queries
// (two by turns) and results of each group, keys and values of each stage.
#define FWD_BLOCKS (W == 128 ? 2 : 1)  // of 64 keys a step
#define FWD_STAGES (4 / FWD_BLOCKS)
#define FWD_STAGE (FWD_BLOCKS * ROWS)
#define FWD_KEYS (64 * FWD_BLOCKS)
#define FWD_IN_REGISTERS (W == 128)  // whether queries are: four groups have none to spare
#define FWD_REGISTERS (FWD_GROUPS < 3 ? COMPUTING_REGISTERS : (FWD_GROUPS == 4 ? 112 : 160) - 8 * EACH_LANE)
#define FWD_THREADS ((FWD_GROUPS + 1) * GROUP)
#define FWD_QUERIES (64 * FWD_GROUPS)

// Turns of the warpgroups of a block: a named barrier each, met by the one whose turn it is and the one before it.
__device__ __forceinline__ void firstTurn(int group) {
  if (group == FWD_GROUPS - 1) asm volatile("bar.arrive 8, %0;" ::"n"(2 * GROUP) : "memory");
}
__device__ __forceinline__ void beginTurn(int group) {
  asm volatile("bar.sync %0, %1;" ::"r"(8 + group), "n"(2 * GROUP) : "memory");
}
__device__ __forceinline__ void endTurn(int group) {
  asm volatile("bar.arrive %0, %1;" ::"r"(group + 1 == FWD_GROUPS ? 8 : 9 + group), "n"(2 * GROUP) : "memory");
}

// Takes away the scores of keys from limits on, those of a thread's two rows. key: of the thread's first column.
__device__ __forceinline__ void hide(float* s, int key, const int* limits) {
#pragma unroll
  for (int j = 0; j < 8; j++)
#pragma unroll
    for (int h = 0; h < 2; h++)
#pragma unroll
      for (int e = 0; e < 2; e++)
        if (key + 8 * j + e >= limits[h]) s[4 * j + 2 * h + e] = NOTHING;
}

// Lets the offsets of a thread's two rows follow the maxima of their scores, where those grew by more than 2^8 (any offset
// gives the same quotient); whether that was so in the warp.
__device__ __forceinline__ bool follow(const float* s, float* most, float* sum, float* shrink, float scale2) {
  float top[2];
#pragma unroll
  for (int h = 0; h < 2; h++) {
    float x = fmaxf(s[2 * h], s[2 * h + 1]), y = fmaxf(s[2 * h + 4], s[2 * h + 5]);
#pragma unroll
    for (int j = 2; j < 8 * FWD_BLOCKS; j += 2) {
      x = fmaxf(x, fmaxf(s[4 * j + 2 * h], s[4 * j + 2 * h + 1]));
      y = fmaxf(y, fmaxf(s[4 * j + 2 * h + 4], s[4 * j + 2 * h + 5]));
    }
    top[h] = maxOfFour(fmaxf(x, y)) * scale2;
  }
  bool grown = __any_sync(~0u, top[0] > most[0] + 8.f || top[1] > most[1] + 8.f);
  if (grown)
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float x = fmaxf(most[h], top[h]);
      shrink[h] = power2(most[h] - x);
      most[h] = x;
      sum[h] *= shrink[h];
    }
  return grown;
}
__device__ __forceinline__ void exponentials(float* s, const float* most, float* sum, float scale2) {
#pragma unroll
  for (int h = 0; h < 2; h++) {
    float even = 0.f, odd = 0.f;
#pragma unroll
    for (int j = 0; j < 8 * FWD_BLOCKS; j++) {
      float &x = s[4 * j + 2 * h], &y = s[4 * j + 2 * h + 1];
      x = power2(x * scale2 - most[h]);
      y = power2(y * scale2 - most[h]);
      even += x;
      odd += y;
    }
    sum[h] += even + odd;
  }
}

// The steps over keys that a tile of queries needs.
__device__ __forceinline__ int keySteps(int length, int end) { return ((CAUSAL ? min(length, end) : length) + FWD_KEYS - 1) / FWD_KEYS; }

// A tile of queries: their head, their example and the first of them. listed: where CHOSEN, for each tile of all heads, example *
// blocks + its number in it.
struct ForwardTile {
  int head, example, first;
  __device__ __forceinline__ ForwardTile(int t, int blocks, int heads, const int* listed) {
    int tile = CHOSEN ? listed[t / heads] : t;
    head = CHOSEN ? t % heads : t / blocks % heads;
    example = CHOSEN ? tile / blocks : t / blocks / heads;
    first = tile % blocks * FWD_QUERIES;
  }
};

// o [examples * L, H W], or of chosen rows. scale2 = scale * log2(e). tiles: all blocks of queries of all heads and examples. A probability is
// dropped where its hash is below the threshold; kept ones are multiplied by factor.
extern "C" __global__ void __launch_bounds__(FWD_THREADS, 1)
    attentionForward(const __grid_constant__ TensorMap map, bf16* __restrict__ o, float* __restrict__ statistics,
                     int length, int heads, int keyHeads, float scale2, int tiles, u64 seed, u32 threshold, float factor
#if CHOSEN
                     ,
                     const __grid_constant__ TensorMap mapQ, const int* __restrict__ starts,
                     const int* __restrict__ listed, int examples) {
#else
    ) {
  const TensorMap& mapQ = map;
  const int *starts = nullptr, *listed = nullptr;
#endif
  __shared__ u64 barriers[4 + 4 * FWD_STAGES];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u;
  u32 queries = base, keys = queries + 2 * FWD_GROUPS * ROWS, values = keys + FWD_STAGES * FWD_STAGE;
  u32 results = values + FWD_STAGES * FWD_STAGE;
  u32 fullQ = sharedAddress(barriers), emptyQ = fullQ + 16, fullK = emptyQ + 16, emptyK = fullK + 8 * FWD_STAGES,
      fullV = emptyK + 8 * FWD_STAGES, emptyV = fullV + 8 * FWD_STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < 2; i++) {
      initBarrier(fullQ + 8 * i, 1);
      initBarrier(emptyQ + 8 * i, 4 * FWD_GROUPS * OF_WARP);
    }
    for (int i = 0; i < FWD_STAGES; i++) {
      initBarrier(fullK + 8 * i, 1);
      initBarrier(fullV + 8 * i, 1);
      initBarrier(emptyK + 8 * i, 4 * FWD_GROUPS * OF_WARP);
      initBarrier(emptyV + 8 * i, 4 * FWD_GROUPS * OF_WARP);
    }
    publishBarriers();
  }
  __syncthreads();
  int blocks = (length + FWD_QUERIES - 1) / FWD_QUERIES;
#if CHOSEN
  long allHeads = (long)examples * heads;
#else
  long allHeads = tiles / blocks;
#endif
  if (blockIdx.x == 0 && threadIdx.x < 128)
    statistics[allHeads * statisticsOf(length) + threadIdx.x] = threadIdx.x < 64 ? -NOTHING : 0.f;
  // by warp, not by thread: the compiler should see no divergence
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);

  if (group == FWD_GROUPS) {
    fewerRegisters<COPYING_REGISTERS>();
    if (threadIdx.x == FWD_GROUPS * GROUP) {
      awaitEarlier();
      letNextBegin();
      Place q, k;
      for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
        ForwardTile of(t, blocks, heads, listed);
        Queries asked = queriesOf(starts, of.example, length);
        int head = of.head, example = of.example, first = of.first;
        int columnK = (heads + head / (heads / keyHeads)) * W, columnV = columnK + keyHeads * W;
        waitFor(emptyQ + 8 * q.slot, q.parity ^ 1);
        expectBytes(fullQ + 8 * q.slot, FWD_GROUPS * ROWS);
        for (int g = 0; g < FWD_GROUPS; g++)
          loadRows(queries + (q.slot * FWD_GROUPS + g) * ROWS, mapQ, head * W, asked.mapRow + first + 64 * g,
                   asked.mapExample, fullQ + 8 * q.slot);
        q.next(2);
        int steps = keySteps(length, first + FWD_QUERIES);
        for (int i = 0; i < steps; i++) {
          waitFor(emptyK + 8 * k.slot, k.parity ^ 1);
          expectBytes(fullK + 8 * k.slot, FWD_STAGE);
#pragma unroll
          for (int b = 0; b < FWD_BLOCKS; b++)
            loadRows(keys + k.slot * FWD_STAGE + b * ROWS, map, columnK, FWD_KEYS * i + 64 * b, example, fullK + 8 * k.slot);
          waitFor(emptyV + 8 * k.slot, k.parity ^ 1);
          expectBytes(fullV + 8 * k.slot, FWD_STAGE);
#pragma unroll
          for (int b = 0; b < FWD_BLOCKS; b++)
            loadRows(values + k.slot * FWD_STAGE + b * ROWS, map, columnV, FWD_KEYS * i + 64 * b, example, fullV + 8 * k.slot);
          k.next(FWD_STAGES);
        }
      }
    }
  } else {
    moreRegisters<FWD_REGISTERS>();
    int thread = threadIdx.x % GROUP, lane = thread % 32, warp = thread / 32;
    firstTurn(group);
    u32 queriesAt = describe(queries + group * ROWS), keysAt = describe(keys), valuesAt = describe(values);
    Place q, k, v;
    for (int t = blockIdx.x; t < tiles; t += gridDim.x) {
      ForwardTile of(t, blocks, heads, listed);
      int head = of.head, example = of.example;
      int first = of.first + group * 64, steps = keySteps(length, of.first + FWD_QUERIES);
      int border = CAUSAL ? min(length, first + 1) : length;  // all rows see the keys before it
      int row = first + warp * 16 + lane / 4, limits[2] = {length, length};
      if (CAUSAL) limits[0] = min(length, row + 1), limits[1] = min(length, row + 9);
      DropoutKey key = dropoutKeyOf(seed, example * heads + head);
      u32 mine = queriesAt + q.slot * BYTES(FWD_GROUPS * ROWS);
      float out[32 * HALVES], s[32 * FWD_BLOCKS], most[2], sum[2], shrink[2];
      u32 p[16 * FWD_BLOCKS], a[FWD_IN_REGISTERS ? 16 * HALVES : 1];
#pragma unroll
      for (int i = 0; i < 32 * HALVES; i++) out[i] = 0.f;
      most[0] = most[1] = -1e30f;
      sum[0] = sum[1] = 0.f;
      auto scores = [&](u32 at) {
#pragma unroll
        for (int b = 0; b < FWD_BLOCKS; b++)
#pragma unroll
          for (int c = 0; c < 4 * HALVES; c++) {
            u32 part = c / 4 * BYTES(TILE) + c % 4 * BYTES(32);
            u64 of = descriptor(at + b * BYTES(ROWS) + part);
            if (FWD_IN_REGISTERS)
              product<false>(s + 32 * b, a + 4 * c, of, c > 0);
            else
              productShared(s + 32 * b, descriptor(mine + part), of, c > 0);
          }
        commitProducts();
      };
      auto addValues = [&](u32 from) {
#pragma unroll
        for (int b = 0; b < FWD_BLOCKS; b++)
#pragma unroll
          for (int half = 0; half < HALVES; half++)
            products<true>(out + 32 * half, p + 16 * b, from + b * BYTES(ROWS) + half * BYTES(TILE), 1);
        commitProducts();
      };
      auto probabilities = [&](int i) {
        if (FWD_KEYS * (i + 1) > border)
#pragma unroll
          for (int b = 0; b < FWD_BLOCKS; b++) hide(s + 32 * b, FWD_KEYS * i + 64 * b + lane % 4 * 2, limits);
        bool grown = follow(s, most, sum, shrink, scale2);
        exponentials(s, most, sum, scale2);
        if (DROPOUT)
#pragma unroll
          for (int b = 0; b < FWD_BLOCKS; b++)
            dropout<false>(row, FWD_KEYS * i + 64 * b + lane % 4 * 2, key, threshold,
                           [&](int n, bool kept) { if (!kept) s[32 * b + n] = 0.f; });
        return grown;
      };
      auto narrow = [&] {
#pragma unroll
        for (int n = 0; n < 16 * FWD_BLOCKS; n++) p[n] = packed(s[2 * n], s[2 * n + 1]);
      };

      waitFor(fullQ + 8 * q.slot, q.parity);
      if (FWD_IN_REGISTERS) {
#pragma unroll
        for (int half = 0; half < HALVES; half++)
          loadOperand(a + 16 * half, queries + (q.slot * FWD_GROUPS + group) * ROWS + half * TILE, warp, lane);
        hold<16 * HALVES>(a);
        __syncwarp();
        if (arrives(lane)) arrive(emptyQ + 8 * q.slot);
      }
      waitFor(fullK + 8 * k.slot, k.parity);
      beginTurn(group);
      beginProducts();
      scores(keysAt + k.slot * BYTES(FWD_STAGE));
      endTurn(group);
      awaitProducts<0>();
      hold<32 * FWD_BLOCKS>(s);
      if (arrives(lane)) arrive(emptyK + 8 * k.slot);
      k.next(FWD_STAGES);
      probabilities(0);
      narrow();
      for (int i = 1; i < steps; i++) {
        waitFor(fullK + 8 * k.slot, k.parity);
        waitFor(fullV + 8 * v.slot, v.parity);
        beginTurn(group);
        hold<16 * FWD_BLOCKS>(p);
        hold<32 * HALVES>(out);
        hold<32 * FWD_BLOCKS>(s);
        beginProducts();
        scores(keysAt + k.slot * BYTES(FWD_STAGE));
        addValues(valuesAt + v.slot * BYTES(FWD_STAGE));
        endTurn(group);
        awaitProducts<1>();
        hold<32 * FWD_BLOCKS>(s);
        if (arrives(lane)) arrive(emptyK + 8 * k.slot);
        k.next(FWD_STAGES);
        bool grown = probabilities(i);
        hold<32 * FWD_BLOCKS>(s);
        awaitProducts<0>();
        hold<32 * HALVES>(out);
        hold<16 * FWD_BLOCKS>(p);
        if (arrives(lane)) arrive(emptyV + 8 * v.slot);
        v.next(FWD_STAGES);
        if (grown)
#pragma unroll
          for (int n = 0; n < 32 * HALVES; n++) out[n] *= shrink[n / 2 % 2];
        narrow();
      }
      if (!FWD_IN_REGISTERS && arrives(lane)) arrive(emptyQ + 8 * q.slot);
      q.next(2);
      waitFor(fullV + 8 * v.slot, v.parity);
      beginTurn(group);
      hold<16 * FWD_BLOCKS>(p);
      hold<32 * HALVES>(out);
      beginProducts();
      addValues(valuesAt + v.slot * BYTES(FWD_STAGE));
      endTurn(group);
      awaitProducts<0>();
      hold<32 * HALVES>(out);
      if (arrives(lane)) arrive(emptyV + 8 * v.slot);
      v.next(FWD_STAGES);

      sum[0] = sumOfFour(sum[0]);
      sum[1] = sumOfFour(sum[1]);
      Queries asked = queriesOf(starts, example, length);
      if (first < asked.count && lane % 4 == 0)
#pragma unroll
        for (int h = 0; h < 2; h++)
          statistics[((long)example * heads + head) * statisticsOf(length) + first * 2 + row - first + 8 * h] =
              row + 8 * h < asked.count ? most[h] + __log2f(sum[h]) : -NOTHING;
      long stride = (long)heads * W;
      bf16* to = o + ((long)asked.row + first) * stride + head * W;
      if (first < asked.count)
#pragma unroll
        for (int half = 0; half < HALVES; half++)
          storeRows(out + 32 * half, factor / sum[0], factor / sum[1], results + group * ROWS + half * TILE,
                    to + 64 * half, stride, asked.count - first, thread, NotTurned());
    }
  }
}
