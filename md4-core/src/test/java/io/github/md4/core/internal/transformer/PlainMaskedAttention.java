// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.stream.IntStream;

/** Attention in plain operations, float32 on a CPU, with the dropout of {@code attention.cu}. */
final class PlainMaskedAttention implements AttentionKernels {
  private static final String TEXT =
      """
      def split(self: __torch__.M, qkv: Tensor, length: int) -> List[Tensor]:
        H = self.heads
        K = self.keyValueHeads
        x = qkv.view([-1, length, H + 2 * K, self.headWidth]).transpose(1, 2)
        k = torch.repeat_interleave(torch.slice(x, 1, H, H + K), H // K, 1)
        v = torch.repeat_interleave(torch.slice(x, 1, H + K), H // K, 1)
        return [torch.slice(x, 1, 0, H), k, v]  # [B, H, L, W]
      def toRows(self: __torch__.M, x: Tensor) -> Tensor:
        return x.transpose(1, 2).reshape([x.size(0) * x.size(2), x.size(1) * x.size(3)])
      def summed(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.sum(x.unflatten(1, [self.keyValueHeads, -1]), [2])  # [B, K, L, W]
      def attend(self: __torch__.M, qkv: Tensor, factors: Tensor, length: int) -> List[Tensor]:
        q, k, v = self.split(qkv, length)
        p = torch.softmax(torch.matmul(q, k.transpose(2, 3)) * self.headWidth ** -0.5, 3)
        return [self.toRows(torch.matmul(p * factors, v)), p, factors]
      def attendBackward(self: __torch__.M, dy: Tensor, qkv: Tensor, p: Tensor, factors: Tensor, length: int) -> List[Tensor]:
        q, k, v = self.split(qkv, length)
        do = dy.view([-1, length, self.heads, self.headWidth]).transpose(1, 2)
        dp = torch.matmul(do, v.transpose(2, 3)) * factors
        ds = p * (dp - torch.sum(p * dp, [3], True)) * self.headWidth ** -0.5
        dk = self.summed(torch.matmul(ds.transpose(2, 3), q))
        dv = self.summed(torch.matmul((p * factors).transpose(2, 3), do))
        return [self.toRows(torch.matmul(ds, k)), self.toRows(dk), self.toRows(dv)]
      """;

  private final TorchScript script;
  private final int heads;
  private final long threshold;
  private PointwiseKernels pointwise;

  PlainMaskedAttention(NDManager manager, FusedKernels.Options options) {
    TransformerKernels.Options network = options.network();
    this.script =
        TorchScript.load(
            manager,
            Map.of(
                "heads", network.heads(),
                "keyValueHeads", network.keyValueHeads(),
                "headWidth", network.headWidth()),
            TEXT);
    this.heads = network.heads();
    this.threshold = NaiveDropout.threshold(options.dropout().attention());
  }

  /** Sets what turns gradients back. */
  void turnBy(PointwiseKernels kernels) {
    pointwise = kernels;
  }

  @Override
  public NDList attend(NDManager scope, NDArray qkv, int length, int seed) {
    int examples = (int) qkv.getShape().get(0) / length;
    NDArray factors = scope.create(factors(examples, length, seed));
    return script.run(
        scope, "attend", qkv, factors.reshape(new Shape(examples, heads, length, length)), length);
  }

  /** Returns by what each probability is multiplied, [B, H, L, L]. */
  private float[] factors(int examples, int length, int seed) {
    float kept = (float) (1 / (1 - threshold * 0x1p-32));
    float[] factors = new float[examples * heads * length * length];
    IntStream.range(0, examples * heads)
        .parallel()
        .forEach(
            head -> {
              NaiveDropout dropout = new NaiveDropout(seed, head, threshold);
              for (int i = 0; i < length * length; i++) {
                boolean isKept = dropout.isKept(i / length, i % length);
                factors[head * length * length + i] = isKept ? kept : 0;
              }
            });
    return factors;
  }

  @Override
  public NDArray attendBackward(
      NDManager scope, NDArray gradient, NDArray qkv, NDList forward, NDList rotary, int seed) {
    int length = (int) rotary.get(0).getShape().get(0);
    try (NDList parts =
        script.run(
            scope, "attendBackward", gradient, qkv, forward.get(1), forward.get(2), length)) {
      return pointwise.rotateBackward(scope, parts, rotary, length);
    }
  }

  @Override
  public void close() {
    script.close();
  }
}
