#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# APP is a folder with classes and lib, MD4 the command, R a folder for results; run from the root of a checkout.
# seconds: 55; alone (timing)
# Variants of the large product: correctness, the same bits, microseconds, beside torch.mm.
cat > $R/large2.cu <<'END_OF_CU'
#ifndef CLUSTER
#define CLUSTER 2
#endif
#ifndef EARLY_ANGLES
#define EARLY_ANGLES 1
#endif
#ifndef FAST_GATE
#define FAST_GATE 0
#endif
#ifndef GROUPM
#define GROUPM 0
#endif
#define STAGES 4
#define HIGH 128                                // rows of x of a block's tile
#define ACROSS 256                              // rows of w of a tile
#define HALF (ACROSS / 2)
#define STAGE ((HIGH + ACROSS) * ROW)           // bytes
#define THREADS (3 * GROUP)
#define COLUMNS (AFTER == 2 ? HALF : ACROSS)    // of a tile's results
#define PART (16 * ROW)                         // bytes of a warp's 16 rows of 64 results

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


__device__ __forceinline__ u32 rankInCluster() { u32 r; asm volatile("mov.u32 %0, %%cluster_ctarank;" : "=r"(r)); return r; }
__device__ __forceinline__ void meetBlocks() {
  asm volatile("barrier.cluster.arrive.release.aligned;\nbarrier.cluster.wait.acquire.aligned;" ::: "memory");
}
__device__ __forceinline__ void arriveAt(u32 b, u32 block) {
  asm volatile("{\n.reg .b32 there;\nmapa.shared::cluster.u32 there, %0, %1;\n"
               "mbarrier.arrive.release.cluster.shared::cluster.b64 _, [there];\n}\n" ::"r"(b), "r"(block) : "memory");
}
__device__ __forceinline__ void loadTileForAll(u32 to, const TensorMap& map, int column, int row, u32 b) {
  asm volatile(
      "cp.async.bulk.tensor.3d.shared::cluster.global.mbarrier::complete_tx::bytes.multicast::cluster [%0], [%1, {%2, %3, %4}], [%5], %6;" ::"r"(
          to),
      "l"(&map), "r"(column), "r"(row), "r"(0), "r"(b), "h"((unsigned short)((1 << CLUSTER) - 1))
      : "memory");
}
__device__ __forceinline__ void storeTile(const TensorMap& map, int column, int row, u32 from) {
  asm volatile("fence.proxy.async.shared::cta;\n" ::: "memory");
  asm volatile("cp.async.bulk.tensor.3d.global.shared::cta.bulk_group [%0, {%1, %2, %3}], [%4];\ncp.async.bulk.commit_group;" ::"l"(&map),
               "r"(column), "r"(row), "r"(0), "r"(from) : "memory");
}
template <int pending>
__device__ __forceinline__ void awaitStores() { asm volatile("cp.async.bulk.wait_group.read %0;" ::"n"(pending) : "memory"); }
__device__ __forceinline__ void storeMatrices(u32 at, u32 a, u32 b, u32 c, u32 d) {
  asm volatile("stmatrix.sync.aligned.m8n8.x4.shared.b16 [%0], {%1, %2, %3, %4};" ::"r"(at), "r"(a), "r"(b), "r"(c), "r"(d) : "memory");
}

extern "C" __global__ void __launch_bounds__(THREADS, 1)
#if CLUSTER > 1
    __cluster_dims__(CLUSTER, 1, 1)
#endif
    largeProduct(const __grid_constant__ TensorMap x, const __grid_constant__ TensorMap w, const __grid_constant__ TensorMap y,
                 const float* __restrict__ cosines, const float* __restrict__ sines, int rows, int columns, int steps,
                 int rotated, int length) {
  __shared__ u64 barriers[2 * STAGES];
  u32 base = (sharedAddress(memory) + 1023) & ~1023u, results = base + STAGES * STAGE;
  u32 full = sharedAddress(barriers), empty = full + 8 * STAGES;
  if (threadIdx.x == 0) {
    for (int i = 0; i < STAGES; i++) {
      initBarrier(full + 8 * i, 1);
      initBarrier(empty + 8 * i, 8 * CLUSTER);  // the warps that compute
    }
    publishBarriers();
  }
  __syncthreads();
#if CLUSTER > 1
  meetBlocks();
  u32 rank = rankInCluster();
#else
  u32 rank = 0;
#endif
  int across = (columns + COLUMNS - 1) / COLUMNS, high = (rows + HIGH * CLUSTER - 1) / (HIGH * CLUSTER), tiles = across * high;
  int group = __shfl_sync(~0u, (int)threadIdx.x / GROUP, 0);
  int first = blockIdx.x / CLUSTER, apart = gridDim.x / CLUSTER;
  auto rowOf = [&](int t) { return (t / across * CLUSTER + (int)rank) * HIGH; };
  auto columnOf = [&](int t) { return t % across * COLUMNS; };

  if (group == 2) {
    fewerRegisters<40>();
    if (threadIdx.x == 2 * GROUP) {
      awaitEarlier();
      letNextBegin();
      Place p;
      for (int t = first; t < tiles; t += apart) {
        int firstRow = rowOf(t), firstColumn = columnOf(t);
#pragma unroll 1
        for (int i = 0; i < steps; i++) {
          waitFor(empty + 8 * p.slot, p.parity ^ 1);
          u32 to = base + p.slot * STAGE, b = full + 8 * p.slot;
          expectBytes(b, STAGE);
          loadTile(to, x, 64 * i, firstRow, 0, b);
#if CLUSTER > 1
          loadTileForAll(to + (HIGH + rank * HALF) * ROW, w, 64 * i, firstColumn + rank * (AFTER == 2 ? rotated : HALF), b);
#else
#pragma unroll
          for (int half = 0; half < 2; half++) {
            u32 at = to + (HIGH + half * HALF) * ROW;
            int row = firstColumn + half * (AFTER == 2 ? rotated : HALF);
            loadTile(at, w, 64 * i, row, 0, b);
          }
#endif
          p.next(STAGES);
        }
      }
    }
    __syncwarp();
  } else {
    moreRegisters<232>();
    int thread = threadIdx.x % GROUP, lane = thread % 32, warp = __shfl_sync(~0u, (int)threadIdx.x / 32, 0);
    u32 given = describe(base + group * TILE), weights = describe(base + HIGH * ROW);
    u32 own = results + warp * 2 * PART;
    auto giveBack = [&](u32 slot) {
#if CLUSTER > 1
      if (lane < CLUSTER) arriveAt(empty + 8 * slot, lane);
#else
      if (lane == 0) arrive(empty + 8 * slot);
#endif
    };
    // where a lane's row of four matrices of 8 x 8 goes: rows 0 to 15, chunks j and j + 1
    u32 matrixRow = (lane & 7) + (lane >> 3 & 1) * 8, matrixChunk = lane >> 4;
    Place p;
    for (int t = first; t < tiles; t += apart) {
      int firstRow = rowOf(t) + warp * 16, firstColumn = columnOf(t);
#if AFTER == 1
      float2 angle[16];  // of the thread's pairs
      auto angles = [&]() {
        if (firstColumn < rotated) {
          int one = (firstRow + lane / 4) % length, two = (firstRow + lane / 4 + 8) % length;
#pragma unroll
          for (int h = 0; h < 2; h++)
#pragma unroll
            for (int j = 0; j < 8; j++) {
              int of = (h ? two : one) * 32 + 4 * j + lane % 4;
              angle[2 * j + h] = {cosines[of], sines[of]};
            }
        }
      };
#if EARLY_ANGLES
      angles();
#endif
#endif
      float sum[128];
#pragma unroll
      for (int i = 0; i < 128; i++) sum[i] = 0.f;
      hold<128>(sum);
      u32 before = 0;
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
#if !EARLY_ANGLES
      angles();
#endif
#endif
#pragma unroll
      for (int n = 0; n < COLUMNS / 64; n++) {
        if (firstColumn + 64 * n < columns) {
#if AFTER == 1
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
#elif AFTER == 2
#pragma unroll
          for (int i = 0; i < 32; i++) sum[32 * n + i] *= gateOf(sum[64 + 32 * n + i]);
#endif
          u32 to = own + n % 2 * PART;
          if (lane == 0) awaitStores<1>();
          __syncwarp();
#pragma unroll
          for (int j = 0; j < 8; j += 2) {
            float* d = sum + 32 * n + 4 * j;
            storeMatrices(to + chunkAt(matrixRow, matrixChunk + j), packed(d[0], d[1]), packed(d[2], d[3]), packed(d[4], d[5]), packed(d[6], d[7]));
          }
          asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
          __syncwarp();
          if (lane == 0) storeTile(y, firstColumn + 64 * n, firstRow, to);
        }
      }
    }
    if (lane == 0) asm volatile("cp.async.bulk.wait_group 0;" ::: "memory");
    __syncwarp();
  }
#if CLUSTER > 1
  meetBlocks();
#endif
}
END_OF_CU
cat > $R/kern.py <<'END_OF_PY'
import ctypes, glob, os, statistics, sys, time, torch
R = os.environ["R"]
T0 = time.time()
lib = os.environ["PYTORCH_LIBRARY_PATH"]
b = glob.glob(lib + "/libnvrtc-builtins*")[0]; ctypes.CDLL(b, mode=ctypes.RTLD_GLOBAL)
nv = ctypes.CDLL([f for f in glob.glob(lib + "/libnvrtc[-.]*so*") if "builtins" not in f][0])
cu = ctypes.CDLL("libcuda.so.1")
res = "md4-core/src/main/resources/io/github/md4/core/internal/transformer/"
A = open(res + "attention.cu").read(); OLD = open(res + "large-product.cu").read(); NEW = open(R + "/large2.cu").read()
torch.cuda.init(); dev = "cuda"; torch.zeros(1, device=dev)
SM = torch.cuda.get_device_properties(0).multi_processor_count
def check(e, what):
    if e: raise RuntimeError(f"{what}: {e}")
def compiled(text, **k):
    t = time.time()
    opts = ["--gpu-architecture=sm_90a", "-default-device", "-DW=64", "-DCAUSAL=0", "-DDROPOUT=0"] + [f"-D{n}={v}" for n, v in k.items()]
    p, s = ctypes.c_void_p(), ctypes.c_size_t()
    nv.nvrtcCreateProgram(ctypes.byref(p), (A + text).encode(), b"k.cu", 0, None, None)
    e = nv.nvrtcCompileProgram(p, len(opts), (ctypes.c_char_p * len(opts))(*map(str.encode, opts)))
    check(e, "compile")
    nv.nvrtcGetCUBINSize(p, ctypes.byref(s)); code = ctypes.create_string_buffer(s.value); nv.nvrtcGetCUBIN(p, code)
    m, f = ctypes.c_void_p(), ctypes.c_void_p()
    check(cu.cuModuleLoadData(ctypes.byref(m), code), "load"); check(cu.cuModuleGetFunction(ctypes.byref(f), m, b"largeProduct"), "function")
    check(cu.cuFuncSetAttribute(f, 8, ctypes.c_int(231424)), "shared")
    print(f"compiled {k} in {time.time() - t:.2f} s", flush=True)
    return f, code
def tmap(x, box):
    raw = ctypes.create_string_buffer(128 + 64); at = (ctypes.addressof(raw) + 63) // 64 * 64
    rows, cols = x.shape
    e = cu.cuTensorMapEncodeTiled(ctypes.c_void_p(at), 9, 3, ctypes.c_uint64(x.data_ptr()), (ctypes.c_uint64 * 3)(cols, rows, 1),
        (ctypes.c_uint64 * 2)(cols * 2, cols * 2 * rows), (ctypes.c_uint32 * 3)(64, box, 1), (ctypes.c_uint32 * 3)(1, 1, 1), 0, 3, 2, 0)
    check(e, "map")
    return raw, at
class Launch:
    def __init__(self, f, new, x, w, y, cos, sin, rotated, length, after, cluster):
        self.keep = [x, w, y, cos, sin]; rows = x.shape[0]; cols = y.shape[1]
        maps = [tmap(x, 128), tmap(w, 128)] + ([tmap(y, 16)] if new else [])
        ints = [ctypes.c_int(v) for v in (rows, cols, x.shape[1] // 64, rotated, length)]
        ptr = lambda t: ctypes.c_uint64(t.data_ptr() if t is not None else 0)
        vals = ([] if new else [ptr(y)]) + [ptr(cos), ptr(sin)] + ints
        self.keep += [maps, vals]
        addr = [m[1] for m in maps] + [ctypes.addressof(v) for v in vals]
        self.args = (ctypes.c_void_p * len(addr))(*addr)
        across = -(-cols // (128 if after == 2 else 256)); high = -(-rows // (128 * cluster))
        self.grid = min(across * high * cluster, SM // cluster * cluster); self.f = f
        self.shared = 1024 + 4 * 384 * 128 + (32768 if new else 16384)
    def __call__(self):
        check(cu.cuLaunchKernel(self.f, self.grid, 1, 1, 384, 1, 1, self.shared, None, self.args, None), "launch")
def timed(calls, rounds=5):
    for c in calls: c()
    torch.cuda.synchronize(); out = []
    for _ in range(rounds):
        a, z = torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True)
        a.record()
        for _ in range(2):
            for c in calls: c()
        z.record(); z.synchronize(); out.append(a.elapsed_time(z) * 1e3 / len(calls) / 2)
    return statistics.median(out)
forms = {}
WANTED = os.environ.get("VARIANTS", "old tma pair late").split()
for name, text, k in (("old", OLD, {}), ("tma", NEW, dict(CLUSTER=1)), ("pair", NEW, dict(CLUSTER=2)), ("late", NEW, dict(CLUSTER=2, EARLY_ANGLES=0))):
    for after in (0, 1, 2) if name in WANTED else ():
        if (name == "old" and after == 0) or (name == "late" and after != 1): continue
        forms[name, after] = compiled(text, AFTER=after, GATE=0, **k)
torch.manual_seed(0)
def case(rows, cols, inner, after, length=256, only=None, weights=12, time_it=True):
    rotated = {0: 0, 1: cols // 64 * 2 // 3 * 64, 2: cols}[after]
    x = torch.randn(rows, inner, device=dev, dtype=torch.bfloat16)
    ws = [torch.randn(cols * (2 if after == 2 else 1), inner, device=dev, dtype=torch.bfloat16) * inner ** -0.5 for _ in range(weights)]
    angle = torch.rand(length, 32, device=dev) * 6.28; cos, sin = angle.cos().contiguous(), angle.sin().contiguous()
    pick = torch.cat([torch.arange(0, min(rows, 300)), torch.arange(max(0, rows - 300), rows)]).to(dev)
    full = x[pick].double() @ ws[0].double().t()
    if after == 1:
        r = full[:, :rotated].view(len(pick), -1, 32, 2); c = cos[pick % length][:, None].double(); s = sin[pick % length][:, None].double()
        ref = full.clone(); ref[:, :rotated] = torch.stack([r[..., 0] * c - r[..., 1] * s, r[..., 0] * s + r[..., 1] * c], -1).reshape(len(pick), -1)
    elif after == 2: ref = full[:, :cols] * torch.sigmoid(full[:, cols:])
    else: ref = full
    line = [f"{rows} x {cols} x {inner} after {after}:"]
    for (name, a), (f, _) in forms.items():
        if a != after: continue
        y = torch.full((rows, cols), float("nan"), device=dev, dtype=torch.bfloat16)
        cl = 2 if name in ("pair", "late") else 1
        calls = [Launch(f, name != "old", x, w, y, cos, sin, rotated, length, after, cl) for w in ws]
        try:
            calls[0](); torch.cuda.synchronize()
            err = ((y[pick].double() - ref).norm() / ref.norm()).item(); bad = int(y.isnan().sum())
            one = y.clone(); same = True
            for _ in range(10):
                y.zero_(); calls[0](); same &= torch.equal(y, one)
            us = timed(calls) if time_it else float("nan")
            line.append(f"{name} {us:.1f} us (error {err:.1e}, nan {bad}, {'same' if same else 'DIFFERS'})")
        except Exception as e:
            line.append(f"{name} FAILED {e}")
    if time_it:
        out = torch.empty(rows, ws[0].shape[0], device=dev, dtype=torch.bfloat16)
        line.append(f"torch.mm {timed([lambda w=w: torch.mm(x, w.t(), out=out) for w in ws]):.1f} us")
    print(" ".join(line), f"[{time.time() - T0:.1f} s]", flush=True)
case(777, 320, 192, 1, 37, weights=1, time_it=False); case(777, 192, 192, 2, weights=1, time_it=False); case(130, 64, 64, 0, weights=1, time_it=False)
for rows in (16384, 65536):
    for after, cols, inner in ((1, 2304, 768), (2, 2048, 768), (0, 768, 768), (0, 768, 2048)): case(rows, cols, inner, after)
case(4096, 2304, 768, 1); case(4096, 2048, 768, 2)
END_OF_PY
VARIANTS='old tma' timeout 30 $PYTHON $R/kern.py
VARIANTS='pair late' timeout 30 $PYTHON $R/kern.py
