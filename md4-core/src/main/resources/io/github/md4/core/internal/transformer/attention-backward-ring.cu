// The backward of five products, for heads of 64 channels that all have keys and values of their own, where every query sees
// every key.
//
// A cluster of BLOCKS blocks takes a head at a time, a block 128 of its keys, a warpgroup 64 of them. All queries stream by, 64
// rows a step:
//   S' = K Q', dP' = V dO', P' = exp2(S' - lse), dV += P' dO, dS' = P' (dP' - delta), dK += dS' Q, dQ = dS K
// Left operands are registers (V, P', dS') or shared memory (K, and dS' for dQ, which sums over the keys of both warpgroups;
// each of them computes 32 of its 64 channels).
//
// Sums of dQ go around the ring of a cluster's blocks. Block b begins with another tile of queries than block b - 1, two steps
// ahead of it, so that it computes the same tile two steps earlier. It hands the sum on to that block's shared memory, from where
// the sum gets into the registers that the block's own product adds to. So each tile is added to in a fixed order, by no two
// blocks at a time, and results are the same bit for bit in each run. A tile's last addition is made by the block whose keys have
// the tile's positions, in its last two steps.
//
// delta = rowsum(dO O) of the next head is made meanwhile by warps of the warpgroup that copies. With dropout see
// attention-backward.cu.

#ifndef BLOCKS
#define BLOCKS 8             // of a cluster: 2, 4 or 8
#endif
#define STEPS (2 * BLOCKS)   // tiles of queries; of some there may be nothing, where probabilities are zero
#define CHUNK 4              // steps between which products overlap
#define STAGES CHUNK         // of the ring of buffers, so that a step's is known when compiling
#define RING_THREADS (3 * GROUP)
#define KEYS 128             // of a block
#define STAGE (2 * TILE)
#define EARLY (!DROPOUT)     // whether registers suffice for asking early for the next scores
#define DELTA_WARPS 3

// Dynamic shared memory, after up to 1024 bytes to align.
#define KEYS_AT 0                             // of two heads by turns
#define VALUES_AT (4 * TILE)
#define RING_AT (VALUES_AT + 2 * TILE)        // queries and gradients of each stage
#define CHANGES_AT (RING_AT + STAGES * STAGE) // dS' of two steps by turns
#define SUMS_AT (CHANGES_AT + 4 * TILE)       // of dQ, handed on, of two steps by turns
#define HALF_SUM (64 * 32 * 4)                // bytes of those of a warpgroup
#define ANGLES_AT (SUMS_AT + 4 * HALF_SUM)

// Barriers, one or for each of two turns, of warpgroups or stages.
#define FULL_KEYS 0         // [2]
#define EMPTY_KEYS 2        // [2]
#define FULL_VALUES 4
#define EMPTY_VALUES 5
#define FULL_ANGLES 6
#define READY 7             // [2] delta of a head
#define CHANGED 9           // [2] dS' of both warpgroups
#define HANDED 11           // [2][2] sums from another block have come; turn and warpgroup
#define FREE 15             // [2][2] the next block has taken its sums from where this one is going to hand on the next
#define FULL 19             // [STAGES]
#define EMPTY (FULL + STAGES)
#define BARRIERS (EMPTY + STAGES)

template <int n> struct Number { enum { value = n }; };

struct Problem {
  int length, heads, items, end;  // items: heads of all examples, of which this launch takes those before end
  float scale, scale2;       // of scores, and times log2(e)
  u64 seed;
  u32 threshold;
  float factor;  // of kept probabilities
};

// What all threads of a block know.
struct Block {
  u32 base, barriers, statistics;  // in shared memory
  u32 rank;                        // in the cluster
  int first, apart;                // the first head, and from one to the next
  __device__ __forceinline__ u32 barrier(int n) const { return again(barriers) + 8 * n; }
  // The same number, as far as the compiler knows another one: what follows from it is computed again rather than kept in
  // registers while products need them.
  static __device__ __forceinline__ u32 again(u32 x) {
    asm volatile("" : "+r"(x));
    return x;
  }
};
__device__ __forceinline__ u32 again(u32 x) { return Block::again(x); }

// ---- blocks of a cluster ----

__device__ __forceinline__ u32 rankInCluster() {
  u32 r;
  asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(r));
  return r;
}
__device__ __forceinline__ void meetBlocks() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}
// Says that this warp has read; without a fence over the cluster, which would also wait for what the warp wrote.
__device__ __forceinline__ void arriveThere(u32 there) {
  asm volatile("mbarrier.arrive.shared::cluster.b64 _, [%0];" ::"r"(there) : "memory");
}
// A thread's four numbers; the barrier there counts their bytes when they have come.
__device__ __forceinline__ void sendThere(u32 there, const float* x, u32 barrierThere) {
  asm volatile("st.async.weak.shared::cluster.mbarrier::complete_tx::bytes.v4.f32 [%0], {%1, %2, %3, %4}, [%5];" ::"r"(there),
               "f"(x[0]), "f"(x[1]), "f"(x[2]), "f"(x[3]), "r"(barrierThere)
               : "memory");
}

// The first of a sum d [64, 64] = a [64, 16] b [64, 16]', a in registers: d is not read, and its registers are free before.
__device__ __forceinline__ void firstProduct(float* d, const u32* a, u64 b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " LIST32 "{%32, %33, %34, %35}, %36, 0, 1, 1, 0;\n"
               : NEW16(d, 0), NEW16(d, 16)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

// ---- sums of dQ ----

// d [64, 32] += a b, a [64, 16] with its 64 and b [16, 32] with its 32 next to each other, both in shared memory.
__device__ __forceinline__ void productAcross(float* d, u64 a, u64 b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 {%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, "
      "%15}, %16, %17, 1, 1, 1, 1, 1;\n"
      : OUT16(d, 0)
      : "l"(a), "l"(b));
}
// A thread's own of the sums that were handed on.
__device__ __forceinline__ void loadSums(float* d, u32 from) {
#pragma unroll
  for (int i = 0; i < 16; i += 4)
    asm volatile("ld.shared.v4.f32 {%0, %1, %2, %3}, [%4];"
                 : "=f"(d[i]), "=f"(d[i + 1]), "=f"(d[i + 2]), "=f"(d[i + 3])
                 : "r"(from + i / 4 * GROUP * 16)
                 : "memory");
}
__device__ __forceinline__ void storeOwn(const float* d, u32 to) {
#pragma unroll
  for (int i = 0; i < 16; i += 4)
    asm volatile("st.shared.v4.f32 [%0], {%1, %2, %3, %4};" ::"r"(to + i / 4 * GROUP * 16), "f"(d[i]), "f"(d[i + 1]), "f"(d[i + 2]),
                 "f"(d[i + 3])
                 : "memory");
}

// ---- the parts of a block ----

__device__ __forceinline__ void compute(const Block& block, const Problem& problem, bf16* dqkv) {
  int lane = threadIdx.x % 32, warp = threadIdx.x % GROUP / 32, group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);
  u32 base = block.base, rank = block.rank, ring = describe(base + RING_AT), statistics = block.statistics + lane % 4 * 8;
  u32 mySums = base + SUMS_AT + group * HALF_SUM + threadIdx.x % GROUP * 16;
  u32 myChanges = base + CHANGES_AT + group * TILE + ownRow(warp, lane) + ownChunk(0, lane);
  float scale2 = problem.scale2;
  u32 heads = 0, parity = 0;  // heads so far, and of the ring of buffers

  for (int head = block.first; head < problem.end; head += block.apart, heads++) {
    u32 v[16], p[16], ds[16];
    float s[32], dp[32], sums[32], sums2[32], dq[16];
    u32 turn = heads & 1, keys = base + KEYS_AT + turn * 2 * TILE;
    waitFor(block.barrier(FULL_KEYS) + 8 * turn, heads >> 1 & 1);
    waitFor(block.barrier(FULL_VALUES), turn);
    u32 of = again(threadIdx.x);
    loadOperand(v, base + VALUES_AT + of / GROUP * TILE, of % GROUP / 32, of % 32);
#pragma unroll
    for (int i = 0; i < 32; i++) sums[i] = sums2[i] = 0.f;
    u32 keysOwn = describe(keys) + BYTES(TILE) * group, keysAcross = describe(keys) + BYTES(64) * group;
#if DROPOUT
    DropoutKey key = dropoutKeyOf(problem.seed, head);
#endif

    auto askScores = [&](u32 queries) {
      firstProductShared(s, descriptor(keysOwn), descriptor(queries));
#pragma unroll
      for (int c = 1; c < 4; c++)
        productShared(s, descriptor(keysOwn + c * BYTES(32)), descriptor(queries + c * BYTES(32)), 1);
      commitProducts();
    };
    auto askGradients = [&](u32 gradients) {
      firstProduct(dp, v, descriptor(gradients));
#pragma unroll
      for (int c = 1; c < 4; c++) product<false>(dp, v + 4 * c, descriptor(gradients + c * BYTES(32)), 1);
      commitProducts();
    };
    // Asks for dQ of step j of a chunk, which is added to the sum that was handed on. isNew: there is none yet; isFree: whether
    // another block is going to hand on sums to where this one comes from.
    auto askQueries = [&](auto at, bool isNew, bool isFree) {
      constexpr int j = at.value;
      waitFor(block.barrier(CHANGED + j % 2), j / 2 & 1);
      if (isNew) {
#pragma unroll
        for (int i = 0; i < 16; i++) dq[i] = 0.f;
      } else {
        u32 handed = block.barrier(HANDED + 2 * (j % 2)) + 8 * group;
        waitFor(handed, (heads + j / 2 + 1) & 1);
        loadSums(dq, again(mySums) + 2 * (j % 2) * HALF_SUM);
        if (threadIdx.x % GROUP == 0) expectBytes(handed, HALF_SUM);  // the next
      }
      hold<16>(dq);
      beginProducts();
      u32 changes = describe(again(base) + CHANGES_AT + j % 2 * 2 * TILE);
#pragma unroll
      for (int c = 0; c < KEYS / 16; c++)
        productAcross(dq, descriptor(changes + c * BYTES(16 * ROW)), descriptor(keysAcross + c * BYTES(16 * ROW)));
      commitProducts();
      if (!isNew && isFree) {  // only now: the products wait for what was loaded, where an arrival would not
        __syncwarp();
        if (arrives(lane)) arriveThere(inBlock(block.barrier(FREE + 2 * (j % 2)) + 8 * group, (rank + 1) % BLOCKS));
      }
    };
    // Hands on dQ of step j. isOwn: to this block itself, which has added the last of the tile, until the head's end.
    auto handOn = [&](auto at, bool isOwn) {
      constexpr int j = at.value;
      u32 mine = again(mySums) + 2 * (j % 2) * HALF_SUM;
      if (isOwn) {
        storeOwn(dq, mine);
        return;
      }
      waitFor(block.barrier(FREE + 2 * (j % 2)) + 8 * group, (heads + j / 2 + 1) & 1);
      u32 to = (rank + BLOCKS - 1) % BLOCKS, there = inBlock(mine, to);
      u32 handed = inBlock(block.barrier(HANDED + 2 * (j % 2)) + 8 * group, to);
#pragma unroll
      for (int i = 0; i < 16; i += 4) sendThere(there + i / 4 * GROUP * 16, dq + i, handed);
    };
    // Takes away scores of keys beyond the example's end: their gradients are not written, but dQ adds them up.
    auto hideUnseen = [&] {
      int row = again(rank) * KEYS + group * 64;
      if (row + 64 > problem.length) {
        row += warp * 16 + lane / 4;
#pragma unroll
        for (int n = 0; n < 32; n++)
          if (row + n / 2 % 2 * 8 >= problem.length) s[n] = NOTHING;
      }
    };
    auto powers = [&](u32 from) {
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float2 l;
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(l.x), "=f"(l.y) : "r"(from + 32 * j));
#pragma unroll
        for (int h = 0; h < 2; h++) {
          s[4 * j + 2 * h] = power2(s[4 * j + 2 * h] * scale2 - l.x);
          s[4 * j + 2 * h + 1] = power2(s[4 * j + 2 * h + 1] * scale2 - l.y);
        }
      }
    };
    // Calls use(index, delta) for each of a thread's probabilities.
    auto withDelta = [&](u32 from, auto use) {
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float2 d;
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(d.x), "=f"(d.y) : "r"(from + 256 + 32 * j));
#pragma unroll
        for (int h = 0; h < 2; h++) {
          use(4 * j + 2 * h, d.x);
          use(4 * j + 2 * h + 1, d.y);
        }
      }
    };

    // Step j of the chunk from step i on. At each wait stands what is pending, oldest first.
    auto step = [&](auto at, auto isBegin, int i) {
      constexpr int j = at.value, before = (j + CHUNK - 1) % CHUNK;
      constexpr bool first = j == 0, more = j < CHUNK - 1, adds = !(isBegin.value && first);  // adds: has a step before
      u32 here = again(ring) + j * BYTES(STAGE), there = here + BYTES(STAGE), from = again(statistics) + j * 512;
      bool isLast = !more && i == STEPS - CHUNK;
      auto askBefore = [&] {
        if (adds) askQueries(Number<before>(), isBegin.value && more, !isLast);
      };
#if EARLY
      if (first) awaitProducts<1>();  // S (i), dP (i)
      hold<32>(s);
      hideUnseen();
      powers(from);
      hold<16>(p);
#pragma unroll
      for (int n = 0; n < 16; n++) p[n] = packed(s[2 * n], s[2 * n + 1]);
      if (more) waitFor(block.barrier(FULL + j + 1), parity);
      hold<16>(p);
      beginProducts();
      if (more) askScores(there);
      products<true>(sums2, p, here + BYTES(TILE), 1);
      commitProducts();
      askBefore();
      awaitProducts<!first + more + 1 + adds>();  // dP (i), dK (i - 1) unless first, S (i + 1) if more, dV (i), dQ (i - 1)
      hold<32>(dp);
      withDelta(from, [&](int n, float delta) {
        dp[n] -= delta;
        dp[n] *= n % 2 ? high(p[n / 2]) : low(p[n / 2]);
      });
      if (!first) awaitProducts<more + 1 + adds>();  // dK (i - 1), ...: ds is free, and so is the buffer of the step before
#else  // the next scores are asked for later, since s is read until ds is known
      awaitProducts<first ? 1 : 2>();  // S (i), dP (i), dK (i - 1) unless first
      hold<32>(s);
      hideUnseen();
      powers(from);
      auto mark = [&](int n, bool isKept) { if (!isKept) s[n] = -s[n]; };
      u32 row = again(rank) * KEYS + group * 64 + warp * 16 + lane / 4, tile = (i + j + 2 * (again(rank) + 1)) % STEPS;
      dropout<true>(row, 64 * tile + lane % 4 * 2, key, problem.threshold, mark);
      hold<16>(p);
#pragma unroll
      for (int n = 0; n < 16; n++) p[n] = packedPositive(s[2 * n], s[2 * n + 1]);
      hold<16>(p);
      beginProducts();
      products<true>(sums2, p, here + BYTES(TILE), 1);
      commitProducts();
      askBefore();
      awaitProducts<!first + 1 + adds>();  // dP (i), dK (i - 1) unless first, dV (i), dQ (i - 1)
      hold<32>(dp);
      withDelta(from, [&](int n, float delta) {
        dp[n] = s[n] * (s[n] >= 0.f ? dp[n] * problem.factor - delta : delta);
      });
      if (!first) awaitProducts<1 + adds>();  // dK (i - 1), dV (i), dQ (i - 1)
      if (more) waitFor(block.barrier(FULL + j + 1), parity);
#endif
      __syncwarp();
      if (adds && arrives(lane)) arrive(block.barrier(EMPTY + before));
#pragma unroll
      for (int n = 0; n < 16; n++) ds[n] = packed(dp[2 * n], dp[2 * n + 1]);
      u32 mine = again(myChanges);
#pragma unroll
      for (int n = 0; n < 8; n += 2) storeMatrices((mine ^ n << 4) + j % 2 * 2 * TILE, ds + 2 * n);
      asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
      hold<16>(ds);
      beginProducts();
      if (more && !EARLY) askScores(there);
      if (more) askGradients(there + BYTES(TILE));
      products<true>(sums, ds, here, 1);
      commitProducts();
      awaitProducts<more * (EARLY ? 1 : 2) + 1>();  // ..., dQ (i - 1), S (i + 1) if more and not early, dP (i + 1) if more, dK (i)
      if (adds) {
        hold<16>(dq);
        handOn(Number<before>(), isLast);
      }
      __syncwarp();
      if (arrives(lane)) arrive(block.barrier(CHANGED + j % 2));  // after dQ (i - 1), whose operand the next step overwrites
    };
    // A few steps at a time: ptxas does not follow products in flight around a loop.
    auto chunk = [&](auto isBegin, int i) {
      waitFor(block.barrier(FULL), parity);
      hold<32>(sums);
      hold<32>(sums2);
      hold<16>(v);
      beginProducts();
      askScores(ring);
      askGradients(ring + BYTES(TILE));
      if (isBegin.value) {  // only now: ldmatrix may be late, and the products wait for it where an arrival would not
        __syncwarp();
        if (arrives(lane)) arrive(block.barrier(EMPTY_VALUES));
      }
      step(Number<0>(), isBegin, i);
      step(Number<1>(), isBegin, i);
      step(Number<2>(), isBegin, i);
      step(Number<3>(), isBegin, i);
      awaitProducts<0>();
      hold<32>(sums);
      hold<32>(sums2);
      parity ^= 1;
    };
    chunk(Number<1>(), 0);
#if BLOCKS > 2
#pragma unroll 1
    for (int i = CHUNK; i < (int)again(STEPS); i += CHUNK) chunk(Number<0>(), i);
#endif
    __syncwarp();
    if (arrives(lane)) arrive(block.barrier(EMPTY + CHUNK - 1));

    askQueries(Number<CHUNK - 1>(), false, true);  // of the last step; dS' of the one before is read no more
    {
      int thread = again(threadIdx.x) % GROUP, group = again(threadIdx.x) / GROUP, lane = thread % 32;
      int row = again(rank) * KEYS, left = problem.length - row, leftOwn = left - 64 * group;
      long stride = 3L * problem.heads * W;
      u32 stage = base + CHANGES_AT + group * TILE, angles = base + ANGLES_AT;
      bf16* to = dqkv + ((long)(head / problem.heads) * problem.length + row) * stride + head % problem.heads * W;
      waitFor(block.barrier(FULL_ANGLES), 0);
      if (leftOwn > 0) {
        bf16* own = to + 64 * group * stride + problem.heads * W;
        storeRows(sums, problem.scale, problem.scale, stage, own, stride, leftOwn, thread,
                  TurnedBack{angles + 64 * group * ANGLES});
        storeRows(sums2, problem.factor, problem.factor, stage, own + problem.heads * W, stride, leftOwn, thread, NotTurned());
      }
      awaitProducts<0>();
      hold<16>(dq);
      __syncwarp();
      if (arrives(lane)) arrive(block.barrier(EMPTY_KEYS) + 8 * turn);
      if (left > 64)
        storeRows<4>(dq, problem.scale, problem.scale, stage, to + 64 * stride + 32 * group, stride, left - 64, thread,
                     TurnedBack{angles + 64 * ANGLES + 128 * group});
      loadSums(dq, again(mySums));  // of the tile before, which this block handed on to itself
      hold<16>(dq);
      storeRows<4>(dq, problem.scale, problem.scale, stage, to + 32 * group, stride, left, thread, TurnedBack{angles + 128 * group});
      __syncwarp();
      if (arrives(lane)) arriveThere(inBlock(block.barrier(FREE) + 8 * group, (rank + 1) % BLOCKS));
    }
  }
}

// One thread asks the copy engine for all tiles.
__device__ __forceinline__ void copy(const Block& block, const Problem& problem, const TensorMap& mapQkv,
                                     const TensorMap& mapDout, const float* statistics, const unsigned char* angles) {
  u32 base = block.base, rank = block.rank;
  int length = problem.length, heads = problem.heads;
  int rows = min(KEYS, length - (int)rank * KEYS);
  if (rows > 0) {
    expectBytes(block.barrier(FULL_ANGLES), rows * ANGLES);
    loadBytes(base + ANGLES_AT, angles + (long)rank * KEYS * ANGLES, rows * ANGLES, block.barrier(FULL_ANGLES));
  } else {
    arrive(block.barrier(FULL_ANGLES));
  }
  Place s;
  u32 n = 0;
  for (int head = block.first; head < problem.end; head += block.apart, n++) {
    {
      int of = again(head), example = of / heads, column = of % heads * W, row = rank * KEYS;
      u32 turn = n & 1, b = block.barrier(FULL_KEYS) + 8 * turn, to = base + KEYS_AT + turn * 2 * TILE;
      waitFor(block.barrier(EMPTY_KEYS) + 8 * turn, (n >> 1 & 1) ^ 1);
      expectBytes(b, 2 * TILE);
      loadTile(to, mapQkv, heads * W + column, row, example, b);
      loadTile(to + TILE, mapQkv, heads * W + column, row + 64, example, b);
      waitFor(block.barrier(EMPTY_VALUES), turn ^ 1);
      b = block.barrier(FULL_VALUES);
      expectBytes(b, 2 * TILE);
      loadTile(base + VALUES_AT, mapQkv, 2 * heads * W + column, row, example, b);
      loadTile(base + VALUES_AT + TILE, mapQkv, 2 * heads * W + column, row + 64, example, b);
    }
#pragma unroll 1
    for (int i = 0; i < STEPS; i++) {
      int query = (i + 2 * (rank + 1)) % STEPS * 64;
      waitFor(block.barrier(EMPTY) + 8 * s.slot, s.parity ^ 1);
      u32 b = block.barrier(FULL) + 8 * s.slot, to = base + RING_AT + s.slot * STAGE;
      expectBytes(b, STAGE + 512);
      {
        int of = again(head), example = of / heads, column = of % heads * W;
        loadTile(to, mapQkv, column, query, example, b);
        loadTile(to + TILE, mapDout, column, query, example, b);
      }
      if (i == 0) {  // delta of all blocks' rows
        waitForBlocks(block.barrier(READY) + 8 * (n & 1), n >> 1 & 1);
        asm volatile("fence.proxy.async;" ::: "memory");
      }
      long of = query < length ? again(head) : problem.items;  // what stands after the last makes probabilities zero
      loadBytes(block.statistics + s.slot * 512, statistics + of * statisticsOf(length) + (query < length ? 2 * query : 0), 512,
                b);
      s.next(STAGES);
    }
  }
}

// A few warps make delta of the block's own rows, a head ahead: they wait until the keys of the head before have come.
__device__ __forceinline__ void makeDelta(const Block& block, const Problem& problem, const bf16* __restrict__ o,
                                          const bf16* __restrict__ dout, float* statistics) {
  int lane = threadIdx.x % 32, firstRow = block.rank * KEYS + (threadIdx.x % GROUP / 32 - 1) * 4 + lane / 8;
  int end = (block.rank + 1) * KEYS;
  u32 n = 0;
  // The place of a lane's channels in an example's first row.
  auto placeOf = [&](int head) {
    return ((long)(head / problem.heads) * problem.length * problem.heads + head % problem.heads) * W + lane % 8 * 8;
  };
  for (int head = block.first; head < problem.end; head += block.apart, n++) {
    if (n > 0) waitFor(block.barrier(FULL_KEYS) + 8 * (n - 1 & 1), (n - 1) >> 1 & 1);
    {
      long place = placeOf(again(head));
      float* to = statistics + (long)head * statisticsOf(problem.length) + 64;
#pragma unroll 1
      for (int row = firstRow; row < end; row += 4 * DELTA_WARPS) {  // rows beyond the example's end get zeros
        uint4 x = {0, 0, 0, 0}, y = x;
        if (row < problem.length) {
          const bf16* at = o + place + row * problem.heads * W;
          asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(x.x), "=r"(x.y), "=r"(x.z), "=r"(x.w) : "l"(at));
          at = dout + place + row * problem.heads * W;
          asm volatile("ld.global.v4.u32 {%0, %1, %2, %3}, [%4];" : "=r"(y.x), "=r"(y.y), "=r"(y.z), "=r"(y.w) : "l"(at));
        }
        float d = low(x.x) * low(y.x) + high(x.x) * high(y.x);
        d += low(x.y) * low(y.y) + high(x.y) * high(y.y);
        d += low(x.z) * low(y.z) + high(x.z) * high(y.z);
        d += low(x.w) * low(y.w) + high(x.w) * high(y.w);
        d = sumOfFour(d);
        d += __shfl_xor_sync(~0u, d, 4);
        if (lane % 8 == 0 && row / 64 * 64 < problem.length) to[row / 64 * 128 + row % 64] = d;
      }
    }
    asm volatile("fence.proxy.async;" ::: "memory");  // the copy engine reads it
    __syncwarp();
    if (lane < BLOCKS) publishThere(inBlock(block.barrier(READY) + 8 * (n & 1), lane));
    if (head + block.apart < problem.end && lane % 8 < 2) {  // asks for the next head's rows
      const bf16* at = (lane % 8 ? dout : o) + placeOf(head + block.apart) - lane % 8 * 8;
#pragma unroll 1
      for (int row = firstRow; row < min(end, problem.length); row += 4 * DELTA_WARPS)
        asm volatile("prefetch.global.L2 [%0];" ::"l"(at + row * problem.heads * W));
    }
  }
}

// mapQkv and mapDout as in attention-backward.cu, of qkv and of the gradient dout of the output o; statistics as forward left
// them; dqkv as qkv; angles: cosine and sine of each channel pair, ANGLES bytes a position. At most BLOCKS * KEYS positions.
// items: heads of all examples; end: the first of them that is left to the next kernel, which may begin when all blocks of this
// one have.
extern "C" __global__ void __cluster_dims__(BLOCKS, 1, 1) __launch_bounds__(RING_THREADS, 1)
    attentionBackwardRing(const __grid_constant__ TensorMap mapQkv, const __grid_constant__ TensorMap mapDout,
                          const bf16* __restrict__ o, const bf16* __restrict__ dout, float* statistics, bf16* dqkv,
                          const unsigned char* angles, int length, int heads, int items, int end, float scale, float scale2, u64 seed,
                          u32 threshold, float factor) {
  __shared__ u64 barriers[BARRIERS];
  __shared__ alignas(128) float ofStages[STAGES * 128];  // lse and delta of a stage's queries
  Problem problem = {length, heads, items, end, scale, scale2, seed, threshold, factor};
  Block block = {(sharedAddress(memory) + 1023) & ~1023u, sharedAddress(barriers),  sharedAddress(ofStages),
                 rankInCluster(),                         (int)blockIdx.x / BLOCKS, (int)gridDim.x / BLOCKS};
  if (threadIdx.x == 0) {
    auto init = [&](int n, int number, int count) {
      for (int i = 0; i < number; i++) initBarrier(block.barriers + 8 * (n + i), count);
    };
    init(FULL_KEYS, 2, 1);
    init(EMPTY_KEYS, 2, 8 * OF_WARP);  // the warps that compute
    init(FULL_VALUES, 1, 1);
    init(EMPTY_VALUES, 1, 8 * OF_WARP);
    init(FULL_ANGLES, 1, 1);
    init(READY, 2, DELTA_WARPS * BLOCKS);
    init(CHANGED, 2, 8 * OF_WARP);
    init(HANDED, 4, 1);
    init(FREE, 4, 4 * OF_WARP);
    init(FULL, STAGES, 1);
    init(EMPTY, STAGES, 8 * OF_WARP);
    publishBarriers();
    for (int i = 0; i < 4; i++) expectBytes(block.barriers + 8 * (HANDED + i), HALF_SUM);
  }
  __syncthreads();
  meetBlocks();
  letNextBegin();
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);
  if (group == 2) {
    fewerRegisters<COPYING_REGISTERS>();
    if (__shfl_sync(~0u, (int)threadIdx.x % GROUP / 32, 0) > 0) {
      makeDelta(block, problem, o, dout, statistics);
    } else if (threadIdx.x % 32 == 0) {
      copy(block, problem, mapQkv, mapDout, statistics, angles);
    }
    __syncwarp();
  } else {
    moreRegisters<COMPUTING_REGISTERS>();
    compute(block, problem, dqkv);
  }
  meetBlocks();
}
