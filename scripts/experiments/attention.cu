// SPDX-License-Identifier: Apache-2.0
// Attention without dropout or causality over heads of 64 channels, forward and backward, on Hopper's tensor
// cores (compute capability 9.0).

typedef unsigned int u32;
typedef unsigned long long u64;
typedef unsigned short bf16;

#define WIDTH 64               // channels of a head
#define GROUPS 4               // warpgroups of a block
#define GROUP 128              // threads of a warpgroup
#define KEYS (64 * GROUPS)     // keys of a block
#define QUERIES 64             // queries of a step
#define ROW 128                // bytes of a row of a tile
#define TILE (64 * ROW)        // bytes of 64 rows
#define LOG2E 1.4426950408889634f

// ---- shared memory: tiles of 64 rows of 128 bytes, their 16-byte chunks permuted by row ----

__device__ __forceinline__ u32 chunkAt(u32 row, u32 chunk) { return row * ROW + ((chunk ^ (row & 7)) << 4); }

__device__ __forceinline__ u32 sharedAddress(const void* p) { return (u32)__cvta_generic_to_shared(p); }

__device__ __forceinline__ void copyAsync(u32 to, const void* from) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(to), "l"(from));
}
__device__ __forceinline__ void commitCopies() { asm volatile("cp.async.commit_group;"); }
__device__ __forceinline__ void waitForCopies() { asm volatile("cp.async.wait_group 0;" ::: "memory"); }

// What was written by threads becomes visible to the tensor cores; a barrier follows.
__device__ __forceinline__ void publish() { asm volatile("fence.proxy.async.shared::cta;" ::: "memory"); }

// A tile as the tensor cores read it, 128-byte permutation, 1024 bytes from 8 rows to the next 8.
__device__ __forceinline__ u64 tile(u32 address) {
  return (u64)((address & 0x3ffff) >> 4) | (u64)1 << 16 | (u64)(1024 >> 4) << 32 | (u64)1 << 62;
}

// ---- products ----

__device__ __forceinline__ void beginProducts() { asm volatile("wgmma.fence.sync.aligned;" ::: "memory"); }
__device__ __forceinline__ void finishProducts() {
  asm volatile("wgmma.commit_group.sync.aligned;\nwgmma.wait_group.sync.aligned 0;" ::: "memory");
}

// d [64, 32] (+)= a [64, 16] b [32, 16]', both with their 16 next to each other.
__device__ __forceinline__ void product32(float* d, u64 a, u64 b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %18, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n32k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15}, %16, %17, p, 1, 1, 0, 0;\n}\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15])
      : "l"(a), "l"(b), "r"(add));
}

// d [64, 16] (+)= a [16, 64]' b [16, 16], both with their 64 or 16 columns next to each other.
__device__ __forceinline__ void product16(float* d, u64 a, u64 b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %10, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n16k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7}, %8, %9, p, 1, 1, 1, 1;\n}\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7])
      : "l"(a), "l"(b), "r"(add));
}

// d [64, 64] += a [64, 16] b [16, 64], a in registers, b with its 64 columns next to each other.
__device__ __forceinline__ void product64(float* d, const u32* a, u64 b) {
  asm volatile(
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
      "{%32, %33, %34, %35}, %36, 1, 1, 1, 1;\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
        "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
        "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b));
}

__device__ __forceinline__ u32 packed(float low, float high) {
  u32 word;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
  return word;
}

__device__ __forceinline__ float power2(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}

// ---- tiles and memory ----

// 64 rows of a head into a tile, by all threads of the block: 8 chunks a row.
template <int threads>
__device__ __forceinline__ void loadTile(u32 to, const bf16* from, long stride) {
#pragma unroll
  for (int i = threadIdx.x; i < 512; i += threads)
    copyAsync(to + chunkAt(i / 8, i % 8), from + i / 8 * stride + i % 8 * 8);
}

#define ALL (GROUPS * GROUP)

// Turns a pair of channels of a position back, as the gradient of rotary positions does.
__device__ __forceinline__ u32 turnedBack(float even, float odd, const float* cosines, const float* sines, long angle) {
  float c = cosines[angle], s = sines[angle];
  return packed(even * c + odd * s, odd * c - even * s);
}

// Accumulators [64, 64] of a warpgroup, turned or not, through its own tile to rows of memory.
__device__ __forceinline__ void storeRows(const float* d, float factor, u32 tileAt, bf16* to, long stride,
                                          const float* cosines, const float* sines, int position, int group) {
  int thread = threadIdx.x % GROUP, warp = thread / 32, lane = thread % 32;
#pragma unroll
  for (int j = 0; j < 8; j++)
#pragma unroll
    for (int half = 0; half < 2; half++) {
      int row = warp * 16 + half * 8 + lane / 4, column = 8 * j + 2 * (lane % 4);
      float even = d[4 * j + 2 * half] * factor, odd = d[4 * j + 2 * half + 1] * factor;
      u32 word = cosines ? turnedBack(even, odd, cosines, sines, (long)(position + row) * (WIDTH / 2) + column / 2)
                         : packed(even, odd);
      asm volatile("st.shared.b32 [%0], %1;" ::"r"(tileAt + chunkAt(row, j) + (lane % 4) * 4), "r"(word));
    }
  asm volatile("bar.sync %0, %1;" ::"r"(group + 1), "r"(GROUP) : "memory");
#pragma unroll
  for (int i = 0; i < 4; i++) {
    int row = thread / 8 + 16 * i, chunk = thread % 8;
    uint4 value;
    asm volatile("ld.shared.v4.u32 {%0, %1, %2, %3}, [%4];"
                 : "=r"(value.x), "=r"(value.y), "=r"(value.z), "=r"(value.w)
                 : "r"(tileAt + chunkAt(row, chunk)));
    *(uint4*)(to + row * stride + chunk * 8) = value;
  }
  asm volatile("bar.sync %0, %1;" ::"r"(group + 1), "r"(GROUP) : "memory");
}

// ---- forward ----

#define FORWARD_GROUPS 2

// d [64, 64] (+)= a [64, 16] b [64, 16]', a in registers, b with its 16 next to each other.
__device__ __forceinline__ void scores(float* d, const u32* a, u64 b, int add) {
  asm volatile(
      "{\n.reg .pred p;\nsetp.ne.b32 p, %37, 0;\n"
      "wgmma.mma_async.sync.aligned.m64n64k16.f32.bf16.bf16 "
      "{%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, "
      "%16, %17, %18, %19, %20, %21, %22, %23, %24, %25, %26, %27, %28, %29, %30, %31}, "
      "{%32, %33, %34, %35}, %36, p, 1, 1, 0;\n}\n"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3]), "+f"(d[4]), "+f"(d[5]), "+f"(d[6]), "+f"(d[7]), "+f"(d[8]),
        "+f"(d[9]), "+f"(d[10]), "+f"(d[11]), "+f"(d[12]), "+f"(d[13]), "+f"(d[14]), "+f"(d[15]), "+f"(d[16]),
        "+f"(d[17]), "+f"(d[18]), "+f"(d[19]), "+f"(d[20]), "+f"(d[21]), "+f"(d[22]), "+f"(d[23]), "+f"(d[24]),
        "+f"(d[25]), "+f"(d[26]), "+f"(d[27]), "+f"(d[28]), "+f"(d[29]), "+f"(d[30]), "+f"(d[31])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "l"(b), "r"(add));
}

__device__ __forceinline__ float acrossFour(float x, bool isMax) {
  float y = __shfl_xor_sync(~0u, x, 1);
  x = isMax ? fmaxf(x, y) : x + y;
  y = __shfl_xor_sync(~0u, x, 2);
  return isMax ? fmaxf(x, y) : x + y;
}

// qkv [rows, 3, heads, WIDTH], queries and keys rotated; o [rows, heads, WIDTH]; lse [examples, heads, length]. A block
// of two warpgroups takes 128 queries of a head, 64 a warpgroup, and walks over its keys 64 at a time.
extern "C" __global__ void __launch_bounds__(FORWARD_GROUPS * GROUP, 2)
    attentionForward(const bf16* __restrict__ qkv, bf16* __restrict__ o, float* __restrict__ lse, int length, int heads,
                     float scale) {
  extern __shared__ __align__(1024) unsigned char memory[];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u, buffers = base + FORWARD_GROUPS * TILE;
  int blocks = length / (64 * FORWARD_GROUPS), first = blockIdx.x % blocks * 64 * FORWARD_GROUPS;
  int head = blockIdx.x / blocks % heads;
  long example = blockIdx.x / blocks / heads, row0 = example * length, stride = 3L * heads * WIDTH;
  const bf16* q = qkv + (row0 + first) * stride + head * WIDTH;
  const bf16* k = qkv + row0 * stride + (heads + head) * WIDTH;
  const bf16* v = k + heads * WIDTH;
  int group = threadIdx.x / GROUP, thread = threadIdx.x % GROUP, warp = thread / 32, lane = thread % 32;
  u32 mine = base + group * TILE;

#pragma unroll
  for (int g = 0; g < FORWARD_GROUPS; g++)
    loadTile<FORWARD_GROUPS * GROUP>(base + g * TILE, q + 64L * g * stride, stride);
  loadTile<FORWARD_GROUPS * GROUP>(buffers, k, stride);
  loadTile<FORWARD_GROUPS * GROUP>(buffers + TILE, v, stride);
  commitCopies();

  u32 a[16];  // the queries as an operand: 16 channels of rows g and g + 8 after another
  float out[32] = {}, most[2] = {-1e30f, -1e30f}, sum[2] = {};
  int steps = length / 64;
  for (int i = 0; i < steps; i++) {
    u32 keys = buffers + (i & 1) * 2 * TILE, values = keys + TILE;
    waitForCopies();
    publish();
    __syncthreads();
    if (i == 0) {
#pragma unroll
      for (int c = 0; c < 4; c++) {
        u32 row = warp * 16 + lane % 16, chunk = 2 * c + lane / 16;
        asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
                     : "=r"(a[4 * c]), "=r"(a[4 * c + 1]), "=r"(a[4 * c + 2]), "=r"(a[4 * c + 3])
                     : "r"(mine + chunkAt(row, chunk)));
      }
    }
    if (i + 1 < steps) {
      u32 next = buffers + (~i & 1) * 2 * TILE;
      loadTile<FORWARD_GROUPS * GROUP>(next, k + (i + 1L) * 64 * stride, stride);
      loadTile<FORWARD_GROUPS * GROUP>(next + TILE, v + (i + 1L) * 64 * stride, stride);
      commitCopies();
    }
    float s[32];
    beginProducts();
#pragma unroll
    for (int c = 0; c < 4; c++) scores(s, a + 4 * c, tile(keys + c * 32), c);
    finishProducts();
    u32 p[16];
#pragma unroll
    for (int h = 0; h < 2; h++) {
      float highest = most[h];
#pragma unroll
      for (int j = 0; j < 8; j++) highest = fmaxf(highest, fmaxf(s[4 * j + 2 * h], s[4 * j + 2 * h + 1]));
      highest = acrossFour(highest, true);
      float shrunk = power2((most[h] - highest) * (scale * LOG2E)), offset = highest * (scale * LOG2E);
      most[h] = highest;
      sum[h] *= shrunk;
#pragma unroll
      for (int j = 0; j < 8; j++) {
        float p0 = power2(s[4 * j + 2 * h] * (scale * LOG2E) - offset);
        float p1 = power2(s[4 * j + 2 * h + 1] * (scale * LOG2E) - offset);
        sum[h] += p0 + p1;
        p[2 * j + h] = packed(p0, p1);
        out[4 * j + 2 * h] *= shrunk;
        out[4 * j + 2 * h + 1] *= shrunk;
      }
    }
    beginProducts();
#pragma unroll
    for (int c = 0; c < 4; c++) product64(out, p + 4 * c, tile(values + c * 16 * ROW));
    finishProducts();
  }
#pragma unroll
  for (int h = 0; h < 2; h++) {
    sum[h] = acrossFour(sum[h], false);
    if (lane % 4 == 0)
      lse[(example * heads + head) * length + first + group * 64 + warp * 16 + h * 8 + lane / 4] =
          most[h] * scale + __logf(sum[h]);
#pragma unroll
    for (int j = 0; j < 8; j++) {
      out[4 * j + 2 * h] /= sum[h];
      out[4 * j + 2 * h + 1] /= sum[h];
    }
  }
  storeRows(out, 1.f, mine, o + (row0 + first + group * 64L) * heads * WIDTH + head * WIDTH, (long)heads * WIDTH, nullptr,
            nullptr, 0, group);
}

// ---- backward ----

// delta = the sum over a head's channels of do * o: o and dout [rows, heads, WIDTH], delta [examples, heads, length].
// Eight threads take a head of a row.
extern "C" __global__ void attentionDelta(const bf16* __restrict__ o, const bf16* __restrict__ dout,
                                          float* __restrict__ delta, int length, int heads, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  if (index >= (long)rows * heads * 8) return;
  uint4 a = *(const uint4*)(o + index * 8), b = *(const uint4*)(dout + index * 8);
  const u32 *x = (const u32*)&a, *y = (const u32*)&b;
  float sum = 0.f;
#pragma unroll
  for (int i = 0; i < 4; i++)
    sum += __uint_as_float(x[i] << 16) * __uint_as_float(y[i] << 16) +
           __uint_as_float(x[i] & 0xffff0000u) * __uint_as_float(y[i] & 0xffff0000u);
  sum += __shfl_xor_sync(~0u, sum, 4);
  sum += __shfl_xor_sync(~0u, sum, 2);
  sum += __shfl_xor_sync(~0u, sum, 1);
  if (index % 8 == 0) {
    long row = index / 8 / heads;
    int head = (int)(index / 8 % heads);
    delta[(row / length * heads + head) * length + row % length] = sum;
  }
}

// A block of four warpgroups takes 256 keys of a head, 64 a warpgroup, and walks over its queries 64 at a time:
//   S' = K Q', P' = exp(scale S' - lse), dV += P' dO, dP' = V dO', dS' = P' (dP' - delta), dK += dS' Q, dQ = dS K
// (' is transposed). S', dP', dK and dV stay in registers; dS' crosses shared memory for dQ.
// qkv and dqkv [rows, 3, heads, WIDTH], queries and keys rotated in qkv; dout [rows, heads, WIDTH]; lse and delta
// [examples, heads, length]; cosines and sines [length, WIDTH / 2]. Where length is KEYS, dq is written turned
// back; else it is added to dqSum [rows, heads, WIDTH] float32, zero before, as it is.
extern "C" __global__ void __launch_bounds__(GROUPS * GROUP, 1)
    attentionBack(const bf16* __restrict__ qkv, const bf16* __restrict__ dout, const float* __restrict__ lse,
                  const float* __restrict__ delta, bf16* __restrict__ dqkv, float* __restrict__ dqSum,
                  const float* __restrict__ cosines, const float* __restrict__ sines, int length, int heads,
                  float scale) {
  extern __shared__ __align__(1024) unsigned char memory[];
  __shared__ float statistics[2][2][QUERIES];  // of each buffer: lse in base 2, delta
  u32 base = (sharedAddress(memory) + 1023) & ~1023u;
  u32 keys = base, values = keys + GROUPS * TILE, changes = values + GROUPS * TILE, buffers = changes + GROUPS * TILE;

  int blocks = length / KEYS, first = blockIdx.x % blocks * KEYS, head = blockIdx.x / blocks % heads;
  long example = blockIdx.x / blocks / heads, row0 = example * length;
  long stride = 3L * heads * WIDTH, doutStride = (long)heads * WIDTH;
  const bf16* q = qkv + row0 * stride + head * WIDTH;
  const bf16* k = q + heads * WIDTH;
  const bf16* v = k + heads * WIDTH;
  const bf16* go = dout + row0 * doutStride + head * WIDTH;
  const float* lseOf = lse + (example * heads + head) * length;
  const float* deltaOf = delta + (example * heads + head) * length;
  int group = threadIdx.x / GROUP, thread = threadIdx.x % GROUP, warp = thread / 32, lane = thread % 32;

#pragma unroll
  for (int g = 0; g < GROUPS; g++) {
    loadTile<ALL>(keys + g * TILE, k + (first + 64L * g) * stride, stride);
    loadTile<ALL>(values + g * TILE, v + (first + 64L * g) * stride, stride);
  }
  loadTile<ALL>(buffers, q, stride);
  loadTile<ALL>(buffers + TILE, go, doutStride);
  commitCopies();
  float statistic = 0.f;
  if (threadIdx.x < 2 * QUERIES)
    statistic = threadIdx.x < QUERIES ? lseOf[threadIdx.x] * LOG2E : deltaOf[threadIdx.x - QUERIES];

  float dk[32] = {}, dv[32] = {};
  u32 myKeys = keys + group * TILE, myValues = values + group * TILE, myChanges = changes + group * TILE;
  int steps = length / QUERIES;
  for (int i = 0; i < steps; i++) {
    u32 queries = buffers + (i & 1) * 2 * TILE, outputs = queries + TILE;
    if (threadIdx.x < 2 * QUERIES) statistics[i & 1][threadIdx.x / QUERIES][threadIdx.x % QUERIES] = statistic;
    waitForCopies();
    publish();
    __syncthreads();
    if (i + 1 < steps) {
      u32 next = buffers + (~i & 1) * 2 * TILE;
      long from = (i + 1L) * QUERIES;
      loadTile<ALL>(next, q + from * stride, stride);
      loadTile<ALL>(next + TILE, go + from * doutStride, doutStride);
      commitCopies();
      if (threadIdx.x < 2 * QUERIES)
        statistic = threadIdx.x < QUERIES ? lseOf[from + threadIdx.x] * LOG2E : deltaOf[from + threadIdx.x - QUERIES];
    }
#pragma unroll
    for (int half = 0; half < 2; half++) {
      float s[16], dp[16];
      u32 rows = half * 32 * ROW;
      beginProducts();
#pragma unroll
      for (int c = 0; c < 4; c++) product32(s, tile(myKeys + c * 32), tile(queries + rows + c * 32), c);
#pragma unroll
      for (int c = 0; c < 4; c++) product32(dp, tile(myValues + c * 32), tile(outputs + rows + c * 32), c);
      finishProducts();
      u32 p[8], ds[8];
#pragma unroll
      for (int j = 0; j < 4; j++) {
        int column = half * 32 + 8 * j + 2 * (lane % 4);
        float2 l = *(const float2*)&statistics[i & 1][0][column], d = *(const float2*)&statistics[i & 1][1][column];
#pragma unroll
        for (int h = 0; h < 2; h++) {
          float p0 = power2(s[4 * j + 2 * h] * (scale * LOG2E) - l.x);
          float p1 = power2(s[4 * j + 2 * h + 1] * (scale * LOG2E) - l.y);
          p[2 * j + h] = packed(p0, p1);
          ds[2 * j + h] = packed(p0 * (dp[4 * j + 2 * h] - d.x), p1 * (dp[4 * j + 2 * h + 1] - d.y));
          int row = warp * 16 + h * 8 + lane / 4;
          asm volatile("st.shared.b32 [%0], %1;" ::"r"(myChanges + chunkAt(row, half * 4 + j) + (lane % 4) * 4),
                       "r"(ds[2 * j + h]));
        }
      }
      beginProducts();
#pragma unroll
      for (int c = 0; c < 2; c++) {
        product64(dv, p + 4 * c, tile(outputs + rows + c * 16 * ROW));
        product64(dk, ds + 4 * c, tile(queries + rows + c * 16 * ROW));
      }
      finishProducts();
    }
    publish();
    __syncthreads();
    float dq[8];
    beginProducts();
#pragma unroll
    for (int c = 0; c < 4 * GROUPS; c++)
      product16(dq, tile(changes + c * 16 * ROW), tile(keys + c * 16 * ROW + group * 32), c);
    finishProducts();
#pragma unroll
    for (int j = 0; j < 2; j++)
#pragma unroll
      for (int h = 0; h < 2; h++) {
        int position = i * QUERIES + warp * 16 + h * 8 + lane / 4, column = group * 16 + 8 * j + 2 * (lane % 4);
        float even = dq[4 * j + 2 * h] * scale, odd = dq[4 * j + 2 * h + 1] * scale;
        long row = row0 + position;
        if (dqSum) {
          asm volatile("red.global.add.v2.f32 [%0], {%1, %2};" ::"l"(dqSum + row * doutStride + head * WIDTH + column),
                       "f"(even), "f"(odd)
                       : "memory");
        } else {
          *(u32*)(dqkv + row * stride + head * WIDTH + column) =
              turnedBack(even, odd, cosines, sines, (long)position * (WIDTH / 2) + column / 2);
        }
      }
  }
  __syncthreads();
  int mine = first + group * 64;
  bf16* out = dqkv + (row0 + mine) * stride + (heads + head) * WIDTH;
  storeRows(dk, scale, myChanges, out, stride, cosines, sines, mine, group);
  storeRows(dv, 1.f, myChanges, out + heads * WIDTH, stride, nullptr, nullptr, mine, group);
}

// dqSum [rows, heads, WIDTH], turned back, to its place in dqkv.
extern "C" __global__ void attentionQueries(const float* __restrict__ dqSum, bf16* __restrict__ dqkv,
                                            const float* __restrict__ cosines, const float* __restrict__ sines,
                                            int length, int heads, int rows) {
  long index = blockIdx.x * (long)blockDim.x + threadIdx.x;
  int octets = heads * (WIDTH / 8);
  if (index >= (long)rows * octets) return;
  long row = index / octets;
  int octet = (int)(index % octets);
  long angle = row % length * (WIDTH / 2) + octet % (WIDTH / 8) * 4;
  float4 a = *(const float4*)(dqSum + index * 8), b = *(const float4*)(dqSum + index * 8 + 4);
  uint4 word = {turnedBack(a.x, a.y, cosines, sines, angle), turnedBack(a.z, a.w, cosines, sines, angle + 1),
                turnedBack(b.x, b.y, cosines, sines, angle + 2), turnedBack(b.z, b.w, cosines, sines, angle + 3)};
  *(uint4*)(dqkv + row * 3 * heads * WIDTH + octet * 8) = word;
}
