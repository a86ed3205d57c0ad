// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The norm-activation kernels in plain operations, float32: the oracle of {@link
 * CudaNormActivationKernels}.
 */
public final class PlainNormActivationKernels implements NormActivationKernels {
  private static final String SOURCE =
      """
      def broad(self: __torch__.M, v: Tensor) -> Tensor:
        return v.view([-1, v.size(-1), 1, 1])  # [1 or B, C, 1, 1]
      def grouped(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.flatten(torch.unflatten(x, 1, [self.groups, -1]), 2)  # [B, G, C / G H W]
      def normalized(self: __torch__.M, x: Tensor, moments: Tensor) -> Tensor:
        mean, rstd = torch.chunk(moments, 2, 2)  # [B, G, 1]
        return ((self.grouped(x) - mean) * rstd).view_as(x)
      def moments(self: __torch__.M, x: Tensor) -> Tensor:
        variance, mean = torch.var_mean(self.grouped(x), [2], False, True)
        return torch.cat([mean, torch.rsqrt(variance + self.epsilon)], 2)  # [B, G, 2]
      # Drawn as torch.dropout draws on a map of this layout.
      def mask(self: __torch__.M, x: Tensor, rate: float) -> Tensor:
        ones = torch.contiguous(torch.ones_like(x), memory_format=2)
        return torch.dropout(ones, rate, rate > 0.0)
      def normActivate(self: __torch__.M, x: Tensor, scale: Tensor, shift: Tensor, bias: Tensor, rate: float) -> List[Tensor]:
        z = torch.contiguous(x + self.broad(bias))
        moments = self.moments(z)
        a = torch.silu(self.normalized(z, moments) * self.broad(scale) + self.broad(shift))
        mask = self.mask(x, rate)
        return [torch.contiguous(a * mask, memory_format=2), moments, mask]
      def again(self: __torch__.M, x: Tensor, scale: Tensor, shift: Tensor, bias: Tensor, moments: Tensor, mask: Tensor) -> Tensor:
        n = self.normalized(torch.contiguous(x + self.broad(bias)), moments)
        a = torch.silu(n * self.broad(scale) + self.broad(shift))
        return torch.contiguous(a * mask, memory_format=2)
      def backward(self: __torch__.M, da: Tensor, x: Tensor, scale: Tensor, shift: Tensor, bias: Tensor, moments: Tensor, mask: Tensor) -> List[Tensor]:
        n = self.normalized(torch.contiguous(x + self.broad(bias)), moments)
        z = n * self.broad(scale) + self.broad(shift)
        s = torch.sigmoid(z)
        d = torch.contiguous(da * mask * s * (1.0 + z * (1.0 - s)))
        dn = self.grouped(torch.contiguous(d * self.broad(scale)))
        ng = self.grouped(n)
        rstd = torch.slice(moments, 2, 1)
        dx = rstd * (dn - torch.mean(dn, [2], True) - ng * torch.mean(dn * ng, [2], True))
        dx = dx.view_as(x)
        norm = torch.stack([torch.sum(d * n, [2, 3]), torch.sum(d, [2, 3]), torch.sum(dx, [2, 3])], 0)
        return [torch.contiguous(dx, memory_format=2), norm]
      def joined(self: __torch__.M, x: List[Tensor]) -> Tensor:
        return torch.contiguous(torch.cat(x, 1), memory_format=2)
      def part(self: __torch__.M, x: Tensor, first: int, channels: int) -> Tensor:
        return torch.contiguous(torch.slice(x, 1, first, first + channels), memory_format=2)
      def sumOverExamples(self: __torch__.M, norm: Tensor, quantity: int, to: Tensor) -> Tensor:
        return to.copy_(torch.sum(torch.select(norm, 0, quantity), [0]))
      def sumOverPixels(self: __torch__.M, x: Tensor, to: Tensor) -> Tensor:
        return to.copy_(torch.sum(torch.flatten(torch.permute(x, [0, 2, 3, 1]), 0, 2), [0]))
      def zero(self: __torch__.M, scale: Tensor) -> Tensor:
        return torch.zeros_like(scale)
      def addResidual(self: __torch__.M, x: Tensor, y: Tensor, bias: Tensor) -> Tensor:
        return x + y + self.broad(bias)
      def added(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:
        return x + y
      def withMask(self: __torch__.M, moments: Tensor, mask: Tensor) -> Tensor:
        return torch.cat([torch.flatten(moments), torch.flatten(torch.permute(mask, [0, 2, 3, 1]))], 0)
      def momentsOf(self: __torch__.M, saved: Tensor, x: Tensor) -> Tensor:
        B = x.size(0)
        return torch.slice(saved, 0, 0, 2 * B * self.groups).view([B, self.groups, 2])
      def maskOf(self: __torch__.M, saved: Tensor, x: Tensor) -> Tensor:
        mask = torch.slice(saved, 0, 2 * x.size(0) * self.groups)
        return torch.permute(mask.view([x.size(0), x.size(2), x.size(3), x.size(1)]), [0, 3, 1, 2])
      """;

  private final TorchScript script;
  private final Runnable closing;

  PlainNormActivationKernels(NDManager manager) {
    this(manager, () -> {});
  }

  private PlainNormActivationKernels(NDManager manager, Runnable closing) {
    this.closing = closing;
    Map<String, Object> constants =
        Map.of("groups", UNetKernels.GROUPS, "epsilon", UNetKernels.EPSILON);
    this.script = TorchScript.load(manager, constants, SOURCE);
  }

  /** Returns the kernels of inference with these kernels. */
  public static UNetKernels forInference(NDManager manager, UNetKernels.Options options) {
    UNetKernels script = ScriptUNetKernels.forInference(manager, options);
    return new InferenceUNetKernels(manager, options, script, PlainNormActivationKernels::new);
  }

  /**
   * Returns the hand-written pass's kernels with these kernels; closing them runs {@code closing}.
   */
  public static FusedUNetKernels kernels(
      NDManager manager, UNetKernels.Options options, double dropout, Runnable closing) {
    return new FusedUNetKernels(
        manager, options, dropout, parent -> new PlainNormActivationKernels(parent, closing));
  }

  @Override
  public Activated normActivate(
      NDManager scope, Kind kind, List<NDArray> x, Norm norm, Dropout drop) {
    NDList made =
        script.run(
            scope,
            "normActivate",
            one(scope, "joined", x),
            norm.scale(),
            norm.shift(),
            bias(scope, norm),
            drop.rate());
    return new Activated(made.get(0), one(scope, "withMask", made.get(1), made.get(2)));
  }

  @Override
  public NDArray activateAgain(NDManager scope, Forward forward) {
    Norm norm = forward.norm();
    NDArray saved = forward.activated().saved();
    NDArray x = one(scope, "joined", forward.x());
    return one(
        scope,
        "again",
        x,
        norm.scale(),
        norm.shift(),
        bias(scope, norm),
        one(scope, "momentsOf", saved, x),
        one(scope, "maskOf", saved, x));
  }

  @Override
  public Gradients normActivateBackward(
      NDManager scope,
      NDArray da,
      Forward forward,
      List<List<NDArray>> known,
      ParameterGradients into) {
    Norm norm = forward.norm();
    NDArray saved = forward.activated().saved();
    NDArray x = one(scope, "joined", forward.x());
    NDList made =
        script.run(
            scope,
            "backward",
            da,
            x,
            norm.scale(),
            norm.shift(),
            bias(scope, norm),
            one(scope, "momentsOf", saved, x),
            one(scope, "maskOf", saved, x));
    NDArray dnorm = made.get(1);
    into.scale().ifPresent(to -> one(scope, "sumOverExamples", dnorm, 0, to).close());
    into.shift().ifPresent(to -> one(scope, "sumOverExamples", dnorm, 1, to).close());
    into.bias().ifPresent(to -> one(scope, "sumOverExamples", dnorm, 2, to).close());
    List<NDArray> dx = new ArrayList<>();
    int first = 0;
    for (int i = 0; i < known.size(); i++) {
      int channels = Math.toIntExact(forward.x().get(i).getShape().get(1));
      NDArray part = one(scope, "part", made.get(0), first, channels);
      for (NDArray each : known.get(i)) {
        part = one(scope, "added", part, each);
      }
      dx.add(part);
      first += channels;
    }
    return new Gradients(dx, dnorm);
  }

  private NDArray bias(NDManager scope, Norm norm) {
    return norm.bias().orElseGet(() -> one(scope, "zero", norm.scale()));
  }

  @Override
  public void sumOverPixels(NDArray x, NDArray into) {
    one(x.getManager(), "sumOverPixels", x, into).close();
  }

  @Override
  public NDArray addResidual(NDManager scope, NDArray x, NDArray y, NDArray bias) {
    return one(scope, "addResidual", x, y, bias);
  }

  private NDArray one(NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  @Override
  public void close() {
    script.close();
    closing.run();
  }
}
