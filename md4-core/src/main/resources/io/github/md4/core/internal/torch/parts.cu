// The parts of a sum, added up in their order: into[i] = parts[0][i] + parts[1][i] + ..., rounded to bfloat16 at the end.
//   parts  float32 [count][quads][4]
//   into   bfloat16 [quads][4]
extern "C" __global__ void addParts(const float4* __restrict__ parts, uint2* __restrict__ into, int quads, int count) {
  int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= quads) return;
  float4 sum = parts[i];
  for (int p = 1; p < count; p++) {
    float4 part = parts[(long)p * quads + i];
    sum.x += part.x;
    sum.y += part.y;
    sum.z += part.z;
    sum.w += part.w;
  }
  uint2 rounded;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(rounded.x) : "f"(sum.y), "f"(sum.x));
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(rounded.y) : "f"(sum.w), "f"(sum.z));
  into[i] = rounded;
}
