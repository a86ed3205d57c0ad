// The backward. It computes seven products where five would do (scores and their gradients once for the queries' gradient
// and once for the keys' and values'). In exchange no sum is shared between blocks, nothing is zeroed or converted, and
// in heads of 64 channels every left operand stays in registers. Those of 128 channels leave registers for the sums alone:
// their own rows are read from shared memory by each product.
//
// Rows of a warpgroup, 64 of a head, stay; the other side streams by, 64 rows a step:
//   of keys:     S' = K Q', dP' = V dO', P' = exp2(S' - lse), dV += P' dO, dS' = P' (dP' - delta), dK += dS' Q
//   of queries:  S = Q K',  dP = dO V',  P = exp2(S - lse),                dS = P (dP - delta),    dQ += dS K
// delta = rowsum(dO O) is made with the queries and read with the keys. With dropout P is masked and divided in dV, and so is
// dP; dP' - delta keeps its form, since O was computed with the masked P.

// Dynamic shared memory: 1024 bytes to align, own rows (three times 64 a group), the ring and, of heads of 64 channels, results
// (a tile a group) and the angles of own rows; heads of 128 have results where output was, and read angles from memory.
#define IN_REGISTERS (W == 64)  // whether own rows are
#define BACK_GROUPS 2
#define BACK_STAGES (IN_REGISTERS ? 6 : 3)
#define BACK_CHUNK 4  // steps between which products overlap
#define BACK_THREADS ((BACK_GROUPS + 1) * GROUP)
#define BACK_ROWS (64 * BACK_GROUPS)
#define STAGE (2 * ROWS)
#define EARLY (!DROPOUT && !CAUSAL && IN_REGISTERS)  // whether registers suffice for asking early for the next scores of keys

struct Yes { enum { value = 1 }; };
struct No { enum { value = 0 }; };

// What a launch computes.
struct Problem {
  int length, heads, keyHeads;
  float scale, scale2;  // of scores, and times log2(e)
  u64 seed;
  u32 threshold;
  float factor;  // of kept probabilities
  const int *starts, *listed;  // where CHOSEN: see queriesOf; example * blocks + number of each tile of queries
};

// The tiles of a pair of an example and a head of keys: first those of its queries, then those of the keys.
struct Tiles {
  int heads, blocks, all;  // heads of queries for one of keys; tiles of a head
  __device__ __forceinline__ Tiles(const Problem& problem) {
    heads = problem.heads / problem.keyHeads;
    blocks = (problem.length + BACK_ROWS - 1) / BACK_ROWS;
    all = (heads + 1) * blocks;
  }
  __device__ __forceinline__ int ofQueries() const { return heads * blocks; }
};

// A block's part of the work: tiles first to end of a pair. part: 0 all tiles of a pair, 1 one tile of queries, 2 one of keys.
struct Span {
  int pair, first, end;
  __device__ __forceinline__ Span(int t, int part, const Tiles& tiles, const Problem& problem) {
#if CHOSEN  // by tiles only
    if (part == 1) {
      int tile = problem.listed[t / problem.heads], head = t % problem.heads;
      pair = tile / tiles.blocks * problem.keyHeads + head / tiles.heads;
      first = head % tiles.heads * tiles.blocks + tile % tiles.blocks;
      end = first + 1;
      return;
    }
#endif
    int n = part == 0 ? 1 : part == 1 ? tiles.ofQueries() : tiles.blocks;
    pair = t / n;
    first = part == 0 ? 0 : (part == 1 ? 0 : tiles.ofQueries()) + t % n;
    end = part == 0 ? tiles.all : first + 1;
  }
};

// The steps of a tile: of queries over keys `first` to `end`; of keys, for each of its heads, over queries. length: of the other
// side. Some may lie
// beyond the example's end, where the copy engine gives zeros and probabilities are zero.
struct Steps {
  int first, end;
  __device__ __forceinline__ Steps(bool ofKeys, int block, int length) {
    int all = CHOSEN ? max(1, (length + 63) / 64) : (length + 63) / 64;
    first = CAUSAL && ofKeys ? block * BACK_GROUPS : 0;
    end = CAUSAL && !ofKeys ? min(all, (block + 1) * BACK_GROUPS) : all;
    end = first + (end - first + BACK_CHUNK - 1) / BACK_CHUNK * BACK_CHUNK;
  }
  __device__ __forceinline__ int count() const { return end - first; }
};

// What a warpgroup knows while it walks over tiles.
struct Walk {
  u32 own, results, ring, angles, statistics;                                   // in shared memory
  u32 fullOwn, emptyOwn, fullAngles, emptyAngles, full, empty, ready;           // barriers
  int part, t, tile;
  Place now;   // of this step
  u32 parity;  // of own rows
};

// The place after and the slot before one of the ring.
__device__ __forceinline__ Place after(Place place) {
  place.next(BACK_STAGES);
  return place;
}
__device__ __forceinline__ u32 slotBefore(Place place) { return place.slot == 0 ? BACK_STAGES - 1 : place.slot - 1; }

// The same number, as far as the compiler knows another one: what follows from it is computed again rather than kept in
// registers while products need them.
__device__ __forceinline__ int again(int x) {
  asm volatile("" : "+r"(x));
  return x;
}

// The rows of a block's tile.
struct OwnTile {
  int head;   // of queries, or the first of a head of keys, counted over all examples
  int block;  // among the tiles of a head
  int example, column;  // of the head in qkv
  __device__ __forceinline__ OwnTile(bool ofKeys, int t, int tile, int part, const Problem& problem) {
    Tiles tiles(problem);
    int pair = Span(t, part, tiles, problem).pair;
    head = pair * tiles.heads + (ofKeys ? 0 : tile / tiles.blocks);
    block = tile % tiles.blocks;
    example = pair / problem.keyHeads;
    column = (ofKeys ? problem.heads + pair % problem.keyHeads : head % problem.heads) * W;
  }
};
// The 64 rows of a warpgroup in it.
struct OwnRows : OwnTile {
  int first;
  __device__ __forceinline__ OwnRows(bool ofKeys, const Walk& w, const Problem& problem)
      : OwnTile(ofKeys, again(w.t), again(w.tile), w.part, problem) {
    first = (block * BACK_GROUPS + again(threadIdx.x) / GROUP) * 64;
  }
};

template <bool ofKeys>
__device__ __forceinline__ void backRows(Walk& w, const Problem& problem, float* statistics, bf16* dqkv,
                                         const unsigned char* angles) {
  OwnRows of(ofKeys, w, problem);
  Queries asked = queriesOf(problem.starts, of.example, problem.length);
  Steps range(ofKeys, of.block, ofKeys ? asked.count : problem.length);
  int steps = range.count() * (ofKeys ? problem.heads / problem.keyHeads : 1);
  u32 ring = describe(w.ring), full = w.full, empty = w.empty;
  int lane = threadIdx.x % 32, warp = threadIdx.x % GROUP / 32, length = problem.length;
  int row = of.first + warp * 16 + lane / 4;
  float scale2 = problem.scale2;
  u32 a[IN_REGISTERS ? 16 : 1], b[16];  // own rows
  float rowLse[2], rowDelta[2] = {0.f, 0.f};
  waitFor(w.fullOwn, w.parity);
  w.parity ^= 1;
  u32 mine = w.own + 3 * (threadIdx.x / GROUP) * ROWS;
  if (IN_REGISTERS) {
    loadOperand(a, mine, warp, lane);
    loadOperand(b, mine + ROWS, warp, lane);
  }
  if (!ofKeys) {
#pragma unroll
    for (int half = 0; half < HALVES; half++) {
      u32 o[16];
      if (!IN_REGISTERS) loadOperand(b, mine + ROWS + half * TILE, warp, lane);
      loadOperand(o, mine + 2 * ROWS + half * TILE, warp, lane);
#pragma unroll
      for (int i = 0; i < 16; i++) rowDelta[i % 2] += low(b[i]) * low(o[i]) + high(b[i]) * high(o[i]);
    }
#pragma unroll
    for (int h = 0; h < 2; h++) {
      rowDelta[h] = sumOfFour(rowDelta[h]);
      float* at = statistics + (long)of.head * statisticsOf(length) + of.first * 2 + warp * 16 + lane / 4 + 8 * h;
      rowLse[h] = of.first < asked.count ? *at : -NOTHING;
      if (of.first < asked.count && lane % 4 == 0) at[64] = rowDelta[h];
    }
  }
  int border = CAUSAL ? min(length, of.first + 1) : length;  // all queries see the keys before it
  int queryStep = range.first, head = of.head;
  DropoutKey key = dropoutKeyOf(problem.seed, head);

  float s[32], dp[32], sums[32 * HALVES], sums2[ofKeys ? 32 * HALVES : 1];
  u32 p[16], ds[16];
#pragma unroll
  for (int i = 0; i < 32 * HALVES; i++) {
    sums[i] = 0.f;
    if (ofKeys) sums2[i] = 0.f;
  }
  auto holdOwn = [&] {
    hold<IN_REGISTERS ? 16 : 1>(a);
    if (IN_REGISTERS) hold<16>(b);
  };
  auto holdSums = [&] {
    hold<32 * HALVES>(sums);
    if (ofKeys) hold<32 * HALVES>(sums2);
  };
  // own [64, W] by the rows [64, W] of a tile as describe() gives it
  auto byOwn = [&](float* d, const u32* own, u32 ownAt, u32 at) {
    if (IN_REGISTERS) {
      products<false>(d, own, at, 0);
    } else {
#pragma unroll
      for (int c = 0; c < 4 * HALVES; c++) {
        u32 part = c / 4 * BYTES(TILE) + c % 4 * BYTES(32);
        if (c == 0)
          firstProductShared(d, descriptor(ownAt), descriptor(at));
        else
          productShared(d, descriptor(ownAt + part), descriptor(at + part), 1);
      }
    }
    commitProducts();
  };
  u32 ownA = describe(mine), ownB = describe(mine + ROWS);
  auto askScores = [&](u32 at) { byOwn(s, a, ownA, at); };
  auto askGradients = [&](u32 at) { byOwn(dp, b, ownB, at + BYTES(ROWS)); };
  // sums [64, W] += x [64, 64] by the rows of a tile
  auto addUp = [&](float* d, const u32* x, u32 at) {
#pragma unroll
    for (int half = 0; half < HALVES; half++) products<true>(d + 32 * half, x, at + half * BYTES(TILE), 1);
    commitProducts();
  };

  // Takes away scores of what is not seen; i: the step.
  auto hideUnseen = [&](int i) {
    if (ofKeys) {
      if (CAUSAL && 64 * queryStep < of.first + 64) {
        int query = 64 * queryStep + lane % 4 * 2;
#pragma unroll
        for (int n = 0; n < 32; n++)
          if (query + n / 4 * 8 + n % 2 < row + n / 2 % 2 * 8) s[n] = NOTHING;
      }
    } else if (64 * (i + 1) > border) {
      int key = 64 * i + lane % 4 * 2;
#pragma unroll
      for (int n = 0; n < 32; n++) {
        int limit = CAUSAL ? min(length, row + n / 2 % 2 * 8 + 1) : length;
        if (key + n / 4 * 8 + n % 2 >= limit) s[n] = NOTHING;
      }
    }
  };
  // Marks dropped probabilities by a negative sign.
  auto mark = [&](float* x, int i) {
    auto change = [&](int n, bool isKept) { if (!isKept) x[n] = -x[n]; };
    dropout<ofKeys>(row, 64 * (ofKeys ? queryStep : i) + lane % 4 * 2, key, problem.threshold, change);
  };
  auto nextQueryStep = [&] {
    if (!ofKeys) return;
    if (++queryStep == range.end) {
      queryStep = range.first;
      head++;
      if (DROPOUT) key = dropoutKeyOf(problem.seed, head);
    }
  };
  // ds of the gradient of probabilities and of the (marked) probability.
  auto change = [&](float dp, float x, float delta) {
    return DROPOUT ? x * (x >= 0.f ? dp * problem.factor - delta : delta) : x * (dp - delta);
  };

  // first: of those whose products overlap; more: not the last of them. At each wait stands what is pending, oldest first.
  auto step = [&](int i, auto isFirst, auto isMore) {
    constexpr bool first = isFirst.value, more = isMore.value;
    Place next = after(w.now);
    u32 here = ring + w.now.slot * BYTES(STAGE), there = ring + next.slot * BYTES(STAGE);
    u32 stat = w.statistics + w.now.slot * 512 + (lane % 4) * 8;
    auto powers = [&] {  // of keys: the columns' offsets
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float2 l;
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(l.x), "=f"(l.y) : "r"(stat + 32 * j));
#pragma unroll
        for (int h = 0; h < 2; h++) {
          s[4 * j + 2 * h] = power2(s[4 * j + 2 * h] * scale2 - l.x);
          s[4 * j + 2 * h + 1] = power2(s[4 * j + 2 * h + 1] * scale2 - l.y);
        }
      }
    };
    if (ofKeys && EARLY) {
      awaitProducts<first ? 1 : 3>();  // S (i), dV (i - 1) unless first, dP (i), dK (i - 1) unless first
      hold<32>(s);
      hideUnseen(i);
      powers();
      if (!first) awaitProducts<2>();  // dV (i - 1), ...: p is free
      hold<16>(p);
#pragma unroll
      for (int n = 0; n < 16; n++) p[n] = packed(s[2 * n], s[2 * n + 1]);
      if (more) waitFor(full + 8 * next.slot, next.parity);
      hold<32>(s);
      hold<16>(p);
      beginProducts();
      if (more) askScores(there);
      addUp(sums2, p, here + BYTES(ROWS));
      awaitProducts<1 + !first + more>();  // dP (i), dK (i - 1) unless first, S (i + 1) if more, dV (i)
      hold<32>(dp);
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float2 d;
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(d.x), "=f"(d.y) : "r"(stat + 256 + 32 * j));
#pragma unroll
        for (int h = 0; h < 2; h++) {
          dp[4 * j + 2 * h] -= d.x;
          dp[4 * j + 2 * h + 1] -= d.y;
          dp[4 * j + 2 * h] *= low(p[2 * j + h]);
          dp[4 * j + 2 * h + 1] *= high(p[2 * j + h]);
        }
      }
      if (!first) awaitProducts<1 + more>();  // dK (i - 1), ...: ds is free, and so is the buffer of the step before
    } else if (ofKeys) {  // the next scores are asked for later, since s is read until ds is known
      // dV (i - 1) unless first, S (i), dP (i), dK (i - 1) unless first; of W = 128 the two of i alone
      awaitProducts<first || !IN_REGISTERS ? 1 : 2>();
      hold<32>(s);
      if (IN_REGISTERS) hold<16>(p);
      hideUnseen(i);
      powers();
      if (DROPOUT) mark(s, i);
#pragma unroll
      for (int n = 0; n < 16; n++) p[n] = packedPositive(s[2 * n], s[2 * n + 1]);
      u32 marked[16];  // W = 128: half the registers of s
#pragma unroll
      for (int n = 0; n < 16; n++) marked[n] = DROPOUT ? packed(s[2 * n], s[2 * n + 1]) : p[n];
      hold<16>(p);
      beginProducts();
      addUp(sums2, p, here + BYTES(ROWS));
      awaitProducts<first || !IN_REGISTERS ? 1 : 2>();  // dP (i), dK (i - 1) unless first or W = 128, dV (i)
      hold<32>(dp);
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float2 d;
        asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(d.x), "=f"(d.y) : "r"(stat + 256 + 32 * j));
#pragma unroll
        for (int h = 0; h < 2; h++) {
          float x = s[4 * j + 2 * h], y = s[4 * j + 2 * h + 1];
          if (!IN_REGISTERS) x = low(marked[2 * j + h]), y = high(marked[2 * j + h]);
          dp[4 * j + 2 * h] = change(dp[4 * j + 2 * h], x, d.x);
          dp[4 * j + 2 * h + 1] = change(dp[4 * j + 2 * h + 1], y, d.y);
        }
      }
      if (!first && IN_REGISTERS) awaitProducts<1>();  // dK (i - 1), dV (i)
      if (more) waitFor(full + 8 * next.slot, next.parity);
      if (IN_REGISTERS) hold<32>(s);
    } else {
      awaitProducts<first ? 1 : 2>();  // S (i), dP (i), dQ (i - 1) unless first
      hold<32>(s);
      hideUnseen(i);
#pragma unroll
      for (int n = 0; n < 32; n++) s[n] = power2(s[n] * scale2 - rowLse[n / 2 % 2]);
      float e[IN_REGISTERS ? 32 : 1];
      u32 narrow[16];  // W = 128: half the registers
      if (IN_REGISTERS) {
#pragma unroll
        for (int n = 0; n < 32; n++) e[n] = s[n];
        if (DROPOUT) mark(e, i);
        hold<32>(e);
      } else {
        if (DROPOUT) mark(s, i);
#pragma unroll
        for (int n = 0; n < 16; n++) narrow[n] = packed(s[2 * n], s[2 * n + 1]);
        hold<16>(narrow);
      }
      if (more) waitFor(full + 8 * next.slot, next.parity);
      if (IN_REGISTERS) hold<32>(s);
      beginProducts();
      if (more) askScores(there);
      awaitProducts<!first + more>();  // dP (i), dQ (i - 1) unless first, S (i + 1) if more
      hold<32>(dp);
#pragma unroll
      for (int n = 0; n < 32; n++) {
        float x = IN_REGISTERS ? e[n] : n % 2 ? high(narrow[n / 2]) : low(narrow[n / 2]);
        dp[n] = change(dp[n], x, rowDelta[n / 2 % 2]);
      }
      if (!first) awaitProducts<more>();  // dQ (i - 1), ...
    }
    if (!ofKeys || IN_REGISTERS) hold<16>(ds);
    __syncwarp();
    if ((!first || i > 0) && arrives(lane)) arrive(empty + 8 * slotBefore(w.now));
#pragma unroll
    for (int n = 0; n < 16; n++) ds[n] = packed(dp[2 * n], dp[2 * n + 1]);
    if (IN_REGISTERS) hold<32>(dp);
    hold<16>(ds);
    beginProducts();
    if (ofKeys && !IN_REGISTERS) {  // first, so that ds is free when the next scores are there
      addUp(sums, ds, here);
      awaitProducts<1>();  // dV (i), dK (i): p is free
      beginProducts();
    }
    if (more && ofKeys && !EARLY) askScores(there);
    if (more) askGradients(there);
    if (!ofKeys || IN_REGISTERS) addUp(sums, ds, here);
    w.now = next;
    nextQueryStep();
  };
  auto begin = [&](int i) {
    waitFor(full + 8 * w.now.slot, w.now.parity);
    holdSums();
    if (IN_REGISTERS) {
      hold<32>(s);
      hold<32>(dp);
    }
    holdOwn();
    beginProducts();
    askScores(ring + w.now.slot * BYTES(STAGE));
    askGradients(ring + w.now.slot * BYTES(STAGE));
    if (i == 0 && IN_REGISTERS) {  // only now: ldmatrix may be late, and the products wait for it where an arrival would not
      __syncwarp();
      if (arrives(lane)) arrive(w.emptyOwn);
    }
  };
  auto finish = [&] {
    awaitProducts<0>();
    holdSums();
  };
  // a few steps at a time: ptxas does not follow products in flight around a loop
  for (int i = 0; i < steps; i += BACK_CHUNK) {
    begin(i);
    step(i, Yes(), Yes());
#pragma unroll
    for (int j = 1; j < BACK_CHUNK - 1; j++) step(i + j, No(), Yes());
    step(i + BACK_CHUNK - 1, No(), No());
    finish();
  }
  __syncwarp();
  if (arrives(lane)) arrive(empty + 8 * slotBefore(w.now));
  OwnRows to(ofKeys, w, problem);
  Queries written = queriesOf(problem.starts, to.example, problem.length);
  int thread = again(threadIdx.x) % GROUP, group = again(threadIdx.x) / GROUP;
  int left = (ofKeys ? problem.length : written.count) - to.first;
#if IN_REGISTERS
  u32 stage = w.results + group * TILE;
  TurnedBack turned = {w.angles + group * 64 * ANGLES};
  waitFor(w.fullAngles, w.parity ^ 1);
#else
  u32 stage = w.own + (3 * group + 2) * ROWS;
  TurnedBackFromMemory turned = {angles + (long)((CHOSEN && !ofKeys ? written.row : 0) + to.first) * ANGLES, left};
#endif
  if (left > 0) {
    long stride = CHOSEN && !ofKeys ? (long)problem.heads * W : (problem.heads + 2L * problem.keyHeads) * W;
    long row = ofKeys ? (long)to.example * problem.length : written.row;
    bf16* at = dqkv + (row + to.first) * stride + to.column;
#pragma unroll
    for (int half = 0; half < HALVES; half++) {
      auto turnedHalf = [&](int row, int pair, float& even, float& odd) { turned(row, 32 * half + pair, even, odd); };
      storeRows(sums + 32 * half, problem.scale, problem.scale, stage, at + 64 * half, stride, left, thread, turnedHalf);
      if (ofKeys)
        storeRows(sums2 + 32 * half, problem.factor, problem.factor, stage, at + problem.keyHeads * W + 64 * half, stride, left,
                  thread, NotTurned());
    }
  }
  __syncwarp();
  if (arrives(again(threadIdx.x) % 32)) arrive(IN_REGISTERS ? w.emptyAngles : w.emptyOwn);
}

// mapQkv as in forward; mapO and mapDout: of o and its gradient, in three dimensions too; statistics as forward left them;
// dqkv as qkv. Items begin to items are pairs of an example and a head of keys, times the tiles of one where part is 1 (queries)
// or 2 (keys, after a launch with part 1); part 0 does both. angles: cosine and sine of each channel pair, ANGLES bytes a position. Where
// CHOSEN, mapQ is the queries' and mapO and mapDout are of one example; part 1 writes the queries' gradient to dqkv, with the
// angles of chosen rows, and has an item for each listed tile and head.
extern "C" __global__ void __launch_bounds__(BACK_THREADS, 1)
    attentionBackward(const __grid_constant__ TensorMap mapQkv, const __grid_constant__ TensorMap mapO,
                      const __grid_constant__ TensorMap mapDout, float* statistics, bf16* dqkv,
                      const unsigned char* angles, int length, int heads, int keyHeads, float scale, float scale2,
                      int examples, int begin, int items, int part, u64 seed, u32 threshold, float factor
#if CHOSEN
                      ,
                      const __grid_constant__ TensorMap mapQ, const int* __restrict__ starts,
                      const int* __restrict__ listed) {
#else
    ) {
  const TensorMap& mapQ = mapQkv;
  const int *starts = nullptr, *listed = nullptr;
#endif
  __shared__ u64 barriers[5 + 2 * BACK_STAGES];
  __shared__ alignas(128) float ofStages[BACK_STAGES * 128];  // lse and delta of a stage's queries
  Problem problem = {length, heads, keyHeads, scale, scale2, seed, threshold, factor, starts, listed};
  Tiles tiles(problem);
  Walk w;
  w.own = (sharedAddress(memory) + 1023) & ~1023u;
  w.results = w.own + 3 * BACK_GROUPS * ROWS;
  w.ring = w.results + (IN_REGISTERS ? BACK_GROUPS * TILE : 0);
  w.angles = w.ring + BACK_STAGES * STAGE;
  w.statistics = sharedAddress(ofStages);
  w.fullOwn = sharedAddress(barriers);
  w.emptyOwn = w.fullOwn + 8;
  w.ready = w.emptyOwn + 8;
  w.fullAngles = w.ready + 8;
  w.emptyAngles = w.fullAngles + 8;
  w.full = w.emptyAngles + 8;
  w.empty = w.full + 8 * BACK_STAGES;
  if (threadIdx.x == 0) {
    initBarrier(w.fullOwn, 1);
    initBarrier(w.emptyOwn, 4 * BACK_GROUPS * OF_WARP);
    initBarrier(w.ready, 4 * BACK_GROUPS * OF_WARP);
    initBarrier(w.fullAngles, 1);
    initBarrier(w.emptyAngles, 4 * BACK_GROUPS * OF_WARP);
    for (int i = 0; i < BACK_STAGES; i++) {
      initBarrier(w.full + 8 * i, 1);
      initBarrier(w.empty + 8 * i, 4 * BACK_GROUPS * OF_WARP);
    }
    publishBarriers();
  }
  __syncthreads();
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);

  if (group == BACK_GROUPS) {
    fewerRegisters<COPYING_REGISTERS>();
    if (threadIdx.x == BACK_GROUPS * GROUP) {
      Place s;
      u32 parity = 1, parityReady = 0;
      for (int t = begin + blockIdx.x; t < items; t += gridDim.x) {
        for (int tile = Span(t, part, tiles, problem).first; tile < Span(again(t), part, tiles, problem).end; tile++) {
          bool ofKeys = tile >= tiles.ofQueries();
          waitFor(w.emptyOwn, parity);
          parity ^= 1;
          expectBytes(w.fullOwn, (ofKeys ? 2 : 3) * BACK_GROUPS * ROWS);
          OwnTile of(ofKeys, t, tile, part, problem);
          Queries asked = queriesOf(starts, of.example, length);
          for (int g = 0; g < BACK_GROUPS; g++) {
            u32 to = w.own + 3 * g * ROWS;
            int row = of.block * BACK_ROWS + 64 * g;
            if (ofKeys) {
              loadRows(to, mapQkv, of.column, row, of.example, w.fullOwn);
              loadRows(to + ROWS, mapQkv, of.column + keyHeads * W, row, of.example, w.fullOwn);
            } else {
              loadRows(to, mapQ, of.column, asked.mapRow + row, asked.mapExample, w.fullOwn);
              loadRows(to + ROWS, mapDout, of.column, asked.mapRow + row, asked.mapExample, w.fullOwn);
              loadRows(to + 2 * ROWS, mapO, of.column, asked.mapRow + row, asked.mapExample, w.fullOwn);
            }
          }
          Steps steps(ofKeys, of.block, ofKeys ? asked.count : length);
          int count = steps.count() * (ofKeys ? tiles.heads : 1), behind = 0;
          bool isReady = part != 0 || tile != tiles.ofQueries();
          for (int n = 0; n < count; n++) {
            u32 b = w.full + 8 * s.slot, to = w.ring + s.slot * STAGE;
            int row = 64 * (steps.first + n % steps.count());
            waitFor(w.empty + 8 * s.slot, s.parity ^ 1);
            expectBytes(b, STAGE + (ofKeys ? 512 : 0));
            if (ofKeys) {
              int column = (of.head + n / steps.count()) % heads * W;
              loadRows(to, mapQ, column, asked.mapRow + row, asked.mapExample, b);
              loadRows(to + ROWS, mapDout, column, asked.mapRow + row, asked.mapExample, b);
              behind++;
              if (!isReady && behind == min(count, BACK_STAGES)) {
                waitFor(w.ready, parityReady);  // delta of all rows is there
                parityReady ^= 1;
                isReady = true;
              }
              for (; isReady && behind > 0; behind--) {
                int m = n - behind + 1, query = 64 * (steps.first + m % steps.count());
                u32 slot = s.slot >= behind - 1 ? s.slot - behind + 1 : s.slot - behind + 1 + BACK_STAGES;
                long head = query < asked.count ? of.head + m / steps.count() : (long)examples * heads;
                loadBytes(w.statistics + slot * 512,
                          statistics + head * statisticsOf(length) + (query < asked.count ? 2 * query : 0), 512,
                          w.full + 8 * slot);
              }
            } else {
              int column = (heads + of.head % heads / tiles.heads) * W;
              loadRows(to, mapQkv, column, row, of.example, b);
              loadRows(to + ROWS, mapQkv, column + keyHeads * W, row, of.example, b);
            }
            s.next(BACK_STAGES);
            if (IN_REGISTERS && n == BACK_CHUNK - 1) {  // not before: the rows before may still read theirs
              int first = of.block * BACK_ROWS, bytes = min(BACK_ROWS, (ofKeys ? length : asked.count) - first) * ANGLES;
              if (CHOSEN && !ofKeys) first += asked.row;
              waitFor(w.emptyAngles, parity ^ 1);
              expectBytes(w.fullAngles, bytes);
              loadBytes(w.angles, angles + (long)first * ANGLES, bytes, w.fullAngles);
            }
          }
        }
      }
    }
  } else {
    moreRegisters<COMPUTING_REGISTERS>();
    w.parity = 0;
    w.part = part;
    for (w.t = begin + blockIdx.x; w.t < items; w.t += gridDim.x) {
      for (w.tile = Span(again(w.t), part, tiles, problem).first;
           w.tile < min(Span(again(w.t), part, tiles, problem).end, tiles.ofQueries()); w.tile++)
        backRows<false>(w, problem, statistics, dqkv, angles);
      if (part == 0) {  // delta of these rows is there, also for the copy engine
        asm volatile("fence.proxy.async;" ::: "memory");
        __syncwarp();
        if (arrives(threadIdx.x % 32)) arrive(w.ready);
      }
      for (w.tile = max(Span(again(w.t), part, tiles, problem).first, tiles.ofQueries()); w.tile < Span(again(w.t), part, tiles, problem).end;
           w.tile++)
        backRows<true>(w, problem, statistics, dqkv, angles);
    }
  }
  awaitEarlier();  // the kernel in front may have left these items to this one, and its results are awaited with these
}
