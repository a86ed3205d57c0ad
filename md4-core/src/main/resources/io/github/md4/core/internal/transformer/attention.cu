// Attention on Hopper's tensor cores (sm_90a), forward and backward: bfloat16 in and out, float32 sums. This file has what
// both directions share. NVRTC compiles the three files as one text, with these constants:
//   W        width of a head: 64 or 128
//   CAUSAL   1 if a query sees its own and earlier keys only
//   DROPOUT  1 if probabilities are dropped
//   CHOSEN   1 if only chosen rows have queries; not with CAUSAL
//
// H heads of queries, K heads of keys and values, K divides H; L positions of an example. qkv [examples * L, (H + 2 K) W]
// has queries, keys and values next to each other. Its tensor map has three dimensions (channel, position, example), so that
// the copy engine fills with zeros what lies beyond an example's end.
//
// Where CHOSEN, queries, outputs and their gradients [rows, H W] are arrays of their own, in which the chosen rows of an example
// follow each other; a query's position is then its number among them. Tiles of queries are listed, since examples have
// different numbers of them.
//
// All kernels are persistent. One thread of a block asks the copy engine for tiles of 64 rows by 64 channels into rings of
// shared memory; warpgroups compute with wgmma and give the buffers back. A block never waits for another block, and no sum
// is added to by two blocks: results are the same bit for bit in each run.

typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short bf16;

#ifndef CHOSEN
#define CHOSEN 0
#endif

#define ROW 128            // bytes of a row of a tile
#define TILE (64 * ROW)    // bytes of a tile
#define HALVES (W / 64)    // tiles that hold 64 rows of a head
#define ROWS (HALVES * TILE)
#define GROUP 128          // threads of a warpgroup
#define NOTHING __int_as_float(0xff800000)  // minus infinity: the score of what is not seen

struct alignas(64) TensorMap { u64 words[16]; };

extern __shared__ unsigned char memory[];

// ---- barriers and copies ----

__device__ __forceinline__ u32 sharedAddress(const void* p) { return (u32)__cvta_generic_to_shared(p); }

__device__ __forceinline__ void initBarrier(u32 b, u32 count) {
  asm volatile("mbarrier.init.shared::cta.b64 [%0], %1;" ::"r"(b), "r"(count));
}
__device__ __forceinline__ void arrive(u32 b) {
  asm volatile("mbarrier.arrive.shared::cta.b64 _, [%0];" ::"r"(b) : "memory");
}
// A warp gives a buffer back by one arrival, after its lanes have met. With EACH_LANE each lane arrives: the same, in a form that
// compute-sanitizer's racecheck can follow.
#ifndef EACH_LANE
#define EACH_LANE 0
#endif
#define OF_WARP (EACH_LANE ? 32 : 1)  // arrivals of a warp
// Registers of a thread of the warpgroup that copies, and of two that compute beside it; racecheck's own code needs more of the
// former.
#define COPYING_REGISTERS (EACH_LANE ? 40 : 24)
#define COMPUTING_REGISTERS (EACH_LANE ? 232 : 240)
__device__ __forceinline__ bool arrives(int lane) { return EACH_LANE || lane == 0; }
__device__ __forceinline__ void expectBytes(u32 b, u32 bytes) {
  asm volatile("mbarrier.arrive.expect_tx.shared::cta.b64 _, [%0], %1;" ::"r"(b), "r"(bytes) : "memory");
}
__device__ __forceinline__ void waitFor(u32 b, u32 parity) {
  asm volatile(
      "{\n.reg .pred p;\nAGAIN:\nmbarrier.try_wait.parity.shared::cta.b64 p, [%0], %1;\n@p bra DONE;\n"
      "bra AGAIN;\nDONE:\n}\n" ::"r"(b),
      "r"(parity)
      : "memory");
}

// A tile, its 16-byte chunks permuted by row as the tensor map says.
__device__ __forceinline__ void loadTile(u32 to, const TensorMap& map, int column, int row, int example, u32 b) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1, {%2, %3, %4}], [%5];" ::"r"(
          to),
      "l"(&map), "r"(column), "r"(row), "r"(example), "r"(b)
      : "memory");
}
// 64 rows of a head.
__device__ __forceinline__ void loadRows(u32 to, const TensorMap& map, int column, int row, int example, u32 b) {
#pragma unroll
  for (int h = 0; h < HALVES; h++) loadTile(to + h * TILE, map, column + 64 * h, row, example, b);
}

// 16-byte pieces next to each other.
__device__ __forceinline__ void loadBytes(u32 to, const void* from, u32 bytes, u32 b) {
  asm volatile("cp.async.bulk.shared::cluster.global.mbarrier::complete_tx::bytes [%0], [%1], %2, [%3];" ::"r"(to),
               "l"(from), "r"(bytes), "r"(b)
               : "memory");
}

// Makes new barriers known to all threads and to the copy engine.
__device__ __forceinline__ void publishBarriers() {
  asm volatile("fence.mbarrier_init.release.cluster;\nfence.proxy.async.shared::cta;" ::: "memory");
}

template <int n>
__device__ __forceinline__ void moreRegisters() { asm volatile("setmaxnreg.inc.sync.aligned.u32 %0;" ::"n"(n)); }
template <int n>
__device__ __forceinline__ void fewerRegisters() { asm volatile("setmaxnreg.dec.sync.aligned.u32 %0;" ::"n"(n)); }

// A place in a ring of buffers: which buffer, and the parity of its barriers.
struct Place {
  u32 slot = 0, parity = 0;
  __device__ __forceinline__ void next(u32 slots) {
    if (++slot == slots) {
      slot = 0;
      parity ^= 1;
    }
  }
};

// ---- kernels one after another ----

// Waits until all earlier kernels have ended and their results are visible.
__device__ __forceinline__ void awaitEarlier() { asm volatile("griddepcontrol.wait;" ::: "memory"); }
// Lets the next kernel begin with what does not depend on this one.
__device__ __forceinline__ void letNextBegin() { asm volatile("griddepcontrol.launch_dependents;" ::: "memory"); }

// ---- blocks of a cluster ----

// The address of the same place in another block's shared memory.
__device__ __forceinline__ u32 inBlock(u32 address, u32 block) {
  u32 there;
  asm volatile("mapa.shared::cluster.u32 %0, %1, %2;" : "=r"(there) : "r"(address), "r"(block));
  return there;
}
// Says to another block what this thread has written before; that block waits for it by the next function.
__device__ __forceinline__ void publishThere(u32 there) {
  asm volatile("mbarrier.arrive.release.cluster.shared::cluster.b64 _, [%0];" ::"r"(there) : "memory");
}
__device__ __forceinline__ void waitForBlocks(u32 b, u32 parity) {
  asm volatile(
      "{\n.reg .pred p;\nAGAIN:\nmbarrier.try_wait.parity.acquire.cluster.shared::cta.b64 p, [%0], %1;\n@p bra DONE;\n"
      "bra AGAIN;\nDONE:\n}\n" ::"r"(b),
      "r"(parity)
      : "memory");
}

// ---- queries ----

// The queries of an example: how many, the row of the first in memory, and its place in a tensor map.
struct Queries { int count, row, mapRow, mapExample; };

// starts: where CHOSEN, the first row of each example, then the number of rows.
__device__ __forceinline__ Queries queriesOf(const int* starts, int example, int length) {
  if (!CHOSEN) return {length, example * length, 0, example};
  int first = starts[example];
  return {starts[example + 1] - first, first, first, 0};
}

// ---- products on the tensor cores ----

__device__ __forceinline__ u32 chunkAt(u32 row, u32 chunk) { return row * ROW + ((chunk ^ (row & 7)) << 4); }

// A tile as the tensor cores read it: 128-byte permutation, 1024 bytes from 8 rows to the next 8. Only the low word of its
// descriptor depends on the place; a step within or between tiles adds a constant to it, one instruction a product.
__device__ __forceinline__ u32 describe(u32 address) { return (address & 0x3ffff) >> 4 | 1 << 16; }
__device__ __forceinline__ u64 descriptor(u32 low) {
  u64 d;
  asm("mov.b64 %0, {%1, %2};" : "=l"(d) : "r"(low), "n"(1024 >> 4 | 1 << 30));
  return d;
}
#define BYTES(n) ((n) >> 4)  // bytes as a descriptor counts them

__device__ __forceinline__ void beginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void commitProducts() { asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory"); }
template <int pending>
__device__ __forceinline__ void awaitProducts() {
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(pending) : "memory");
}
// Keeps the compiler from moving uses of registers over a wait.
template <int n>
__device__ __forceinline__ void hold(float* d) {
#pragma unroll
  for (int i = 0; i < n; i++) asm volatile("" : "+f"(d[i])::"memory");
}
template <int n>
__device__ __forceinline__ void hold(u32* d) {
#pragma unroll
  for (int i = 0; i < n; i++) asm volatile("" : "+r"(d[i])::"memory");
}

#define OUT4(d, i) "+f"(d[i]), "+f"(d[i + 1]), "+f"(d[i + 2]), "+f"(d[i + 3])
#define OUT16(d, i) OUT4(d, i), OUT4(d, i + 4), OUT4(d, i + 8), OUT4(d, i + 12)
#define LIST32                                                                                                      \
  "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, " \
  "%24, %25, %26, %27, %28, %29, %30, %31}, "

// d [64, 64] (+)= a [64, 16] b [64, 16]', both in shared memory with their 16 next to each other.
__device__ __forceinline__ void productShared(float* d, u64 a, u64 b, int add) {
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %34, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " LIST32 "%32, %33, p, 1, 1, 0, 0;\n}\n"
               : OUT16(d, 0), OUT16(d, 16)
               : "l"(a), "l"(b), "r"(add));
}
// The first of a sum: d is not read, and its registers are free before.
#define NEW4(d, i) "=f"(d[i]), "=f"(d[i + 1]), "=f"(d[i + 2]), "=f"(d[i + 3])
#define NEW16(d, i) NEW4(d, i), NEW4(d, i + 4), NEW4(d, i + 8), NEW4(d, i + 12)
__device__ __forceinline__ void firstProductShared(float* d, u64 a, u64 b) {
  asm volatile("wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " LIST32 "%32, %33, 0, 1, 1, 0, 0;\n"
               : NEW16(d, 0), NEW16(d, 16)
               : "l"(a), "l"(b));
}
// d [64, 64] (+)= a [64, 16] b, a in registers; b [64, 16]' with its 16 next to each other, or, across, [16, 64] with its 64
// next to each other.
template <bool across>
__device__ __forceinline__ void product(float* d, const u32* a, u64 b, int add) {
  asm volatile("{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
               "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 " LIST32
               "{%32, %33, %34, %35}, %36, p, 1, 1, %38;\n}\n"
               : OUT16(d, 0), OUT16(d, 16)
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add), "n"(across ? 1 : 0));
}
// d [64, 64] (+)= a [64, 64] b over four steps of 16; b as describe() gives it.
template <bool across>
__device__ __forceinline__ void products(float* d, const u32* a, u32 b, int add) {
#pragma unroll
  for (int c = 0; c < 4; c++)
    product<across>(d, a + 4 * c, descriptor(b + c * BYTES(across ? 16 * ROW : 32)), c > 0 || add);
}

// The 64 rows of a tile as an operand in registers: 16 columns after another.
__device__ __forceinline__ void loadOperand(u32* a, u32 tileAt, int warp, int lane) {
#pragma unroll
  for (int c = 0; c < 4; c++)
    asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                 : "=r"(a[4 * c]), "=r"(a[4 * c + 1]), "=r"(a[4 * c + 2]), "=r"(a[4 * c + 3])
                 : "r"(tileAt + chunkAt(warp * 16 + lane % 16, 2 * c + lane / 16))
                 : "memory");
}

// ---- numbers ----

// What forward and backward keep of queries: for each example and head, for each 64 queries, 64 logarithms to base 2 of the
// sum of exp(scale * score) (lse), then 64 sums of the products of output and gradient (delta). lse beyond an example's end is
// infinite, so that probabilities are zero there; so are the 64 after the last.
__device__ __forceinline__ int statisticsOf(int length) { return (length + 63) / 64 * 128; }

// A thread holds of a product [64, 64], at 4 j + 2 h + e, row 16 * warp + 8 h + lane / 4, column 8 j + 2 (lane % 4) + e.

__device__ __forceinline__ u32 packed(float low, float high) {
  u32 word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}
// The same with zeros for negative numbers.
__device__ __forceinline__ u32 packedPositive(float low, float high) {
  u32 word;
  asm("cvt.rn.relu.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}
__device__ __forceinline__ float low(u32 x) { return __uint_as_float(x << 16); }
__device__ __forceinline__ float high(u32 x) { return __uint_as_float(x & 0xffff0000u); }
__device__ __forceinline__ float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ __forceinline__ float maxOfFour(float x) {
  x = fmaxf(x, __shfl_xor_sync(~0u, x, 1));
  return fmaxf(x, __shfl_xor_sync(~0u, x, 2));
}
__device__ __forceinline__ float sumOfFour(float x) {
  x += __shfl_xor_sync(~0u, x, 1);
  return x + __shfl_xor_sync(~0u, x, 2);
}

// ---- dropout ----

// Which probabilities are kept follows from the seed, the head and the two positions, so that forward and backward draw the
// same and no mask is stored. One hash of 32 bits serves four probabilities: of queries q and q + 8, keys k and k + 8. Each
// compares the hash, turned by a byte more than the one before, with the threshold: its rate is exact to 2^-32, and two of
// them depend on each other only where a whole byte equals the threshold's.
struct DropoutKey { u32 first, second; };

// head: counted over all examples.
__device__ __forceinline__ DropoutKey dropoutKeyOf(u64 seed, u32 head) {
  u64 z = seed + 0x9E3779B97F4A7C15ull * (head + 1);
  z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9ull;
  z = (z ^ z >> 27) * 0x94D049BB133111EBull;
  z ^= z >> 31;
  return {(u32)z, (u32)(z >> 32)};
}
__device__ __forceinline__ u32 hashed(u32 counter, DropoutKey key) {
  u32 z = counter ^ key.first;
  z = (z ^ z >> 16) * 0x85EBCA6Bu;
  z = (z ^ z >> 13 ^ key.second) * 0xC2B2AE35u;
  return z ^ z >> 16;
}
// The number of a position among those that start a pair with the position 8 further.
__device__ __forceinline__ u32 pairOf(u32 position) { return position / 16 * 8 + position % 8; }

// Calls use(index, isKept) for each of a thread's probabilities [64, 64]: of queries by keys or, ofKeys, of keys by queries.
// row and column: the thread's first.
template <bool ofKeys, typename Use>
__device__ __forceinline__ void dropout(u32 row, u32 column, DropoutKey key, u32 threshold, Use use) {
  u32 counter = ofKeys ? pairOf(column) << 16 | pairOf(row) : pairOf(row) << 16 | pairOf(column);
#pragma unroll
  for (int m = 0; m < 4; m++)
#pragma unroll
    for (int e = 0; e < 2; e++) {
      u32 z = hashed(counter + (8 * m + e) * (ofKeys ? 65536 : 1), key);
#pragma unroll
      for (int j = 0; j < 2; j++)
#pragma unroll
        for (int h = 0; h < 2; h++) {
          int turn = 8 * (ofKeys ? 2 * j + h : 2 * h + j);
          use(4 * (2 * m + j) + 2 * h + e, __funnelshift_l(z, z, turn) >= threshold);
        }
    }
}

// ---- results ----

// Four matrices [8, 8] of a warp's 16 rows of a tile: of the upper and the lower 8 rows and two chunks next to each other. Lanes
// name the matrices' rows, by ownRow and ownChunk, and hold the pair of the place that they have in products.
__device__ __forceinline__ u32 ownRow(int warp, int lane) { return (warp * 16 + lane % 16) * ROW; }
__device__ __forceinline__ u32 ownChunk(int chunk, int lane) { return ((chunk + lane / 16) ^ (lane & 7)) << 4; }
__device__ __forceinline__ void loadMatrices(u32 from, u32* words) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(words[0]), "=r"(words[1]), "=r"(words[2]), "=r"(words[3])
               : "r"(from)
               : "memory");
}
__device__ __forceinline__ void storeMatrices(u32 to, const u32* words) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(to), "r"(words[0]), "r"(words[1]),
               "r"(words[2]), "r"(words[3])
               : "memory");
}

// Copies a warp's 16 rows of a tile, the first CHUNKS chunks of each, to memory, where there are `left` rows of the tile.
template <int CHUNKS = 8>
__device__ __forceinline__ void copyRows(u32 tileAt, bf16* to, long stride, int left, int warp, int lane) {
#pragma unroll
  for (int i = 0; i < CHUNKS / 2; i++) {
    int row = warp * 16 + lane / CHUNKS + 32 / CHUNKS * i, chunk = lane % CHUNKS;
    uint4 v;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(v.x), "=r"(v.y), "=r"(v.z), "=r"(v.w)
                 : "r"(tileAt + chunkAt(row, chunk))
                 : "memory");
    if (row < left) *(uint4*)(to + row * stride + chunk * 8) = v;
  }
}

// What turns channel pairs back by their angles. Rows of angles have cosine and sine of each pair of W channels, and 32 bytes
// that keep the rows of a warp apart in banks.
#define ANGLES (4 * W + 32)  // bytes
__device__ __forceinline__ void turnBack(float cosine, float sine, float& even, float& odd) {
  float x = even * cosine + odd * sine;
  odd = odd * cosine - even * sine;
  even = x;
}
struct NotTurned {
  __device__ __forceinline__ void operator()(int row, int pair, float& even, float& odd) const {}
};
// By angles in shared memory, which begin with those of the tile's first row and first pair.
struct TurnedBack {
  u32 angles;
  __device__ __forceinline__ void operator()(int row, int pair, float& even, float& odd) const {
    float c, s;
    asm volatile("ld.shared.v2.f32 {%0, %1}, [%2];" : "=f"(c), "=f"(s) : "r"(angles + row * ANGLES + pair * 8));
    turnBack(c, s, even, odd);
  }
};
// The same in memory. left: the rows that there are.
struct TurnedBackFromMemory {
  const unsigned char* angles;
  int left;
  __device__ __forceinline__ void operator()(int row, int pair, float& even, float& odd) const {
    float2 of = __ldg((const float2*)(angles + (long)min(row, left - 1) * ANGLES) + pair);
    turnBack(of.x, of.y, even, odd);
  }
};

// Sums [64, 8 CHUNKS] of a warpgroup, times a factor a row and with what `turned` makes of channel pairs, through a tile of
// shared memory to `left` rows of memory.
template <int CHUNKS = 8, typename Turned>
__device__ __forceinline__ void storeRows(const float* d, float factor0, float factor1, u32 tileAt, bf16* to, long stride,
                                          int left, int thread, Turned turned) {
  int warp = thread / 32, lane = thread % 32;
  u32 mine = tileAt + ownRow(warp, lane);
#pragma unroll
  for (int j = 0; j < CHUNKS; j += 2) {
    u32 words[4];
#pragma unroll
    for (int m = 0; m < 4; m++) {
      int h = m % 2, at = 4 * (j + m / 2) + 2 * h, row = warp * 16 + h * 8 + lane / 4;
      float x = d[at] * (h ? factor1 : factor0), y = d[at + 1] * (h ? factor1 : factor0);
      turned(row, 4 * (j + m / 2) + lane % 4, x, y);
      words[m] = packed(x, y);
    }
    storeMatrices(mine + ownChunk(j, lane), words);
  }
  __syncwarp();  // a warp reads back its own 16 rows only
  copyRows<CHUNKS>(tileAt, to, stride, left, warp, lane);
  __syncwarp();
}
