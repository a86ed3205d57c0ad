// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FirstHalf.Biased;
import io.github.md4.core.internal.image.FirstHalf.Modulated;
import io.github.md4.core.internal.image.FirstHalf.Plain;
import io.github.md4.core.internal.image.ResBlockSteps.Affine;
import io.github.md4.core.internal.image.ResBlockSteps.Modulation;
import io.github.md4.core.internal.image.ResBlockSteps.SecondHalf;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.List;
import java.util.function.UnaryOperator;

/**
 * The kernels of inference with those of {@link NormActivationKernels} between the convolutions.
 * The kernels are made at the first call: a network that is only trained has no use for them.
 */
class InferenceUNetKernels implements UNetKernels {
  private final NDManager manager;
  private final UNetKernels others;
  private final NormActivationKernels.Factory factory;
  private final TorchScript script;
  private ResBlockSteps made;

  /**
   * @param others the kernels of all that is not a ResBlock, with channels last
   */
  InferenceUNetKernels(
      NDManager parent,
      Options options,
      UNetKernels others,
      NormActivationKernels.Factory factory) {
    this.manager = parent.newSubManager();
    this.others = others;
    this.factory = factory;
    this.script = ResBlockSteps.script(manager, options);
  }

  final synchronized ResBlockSteps steps() {
    if (made == null) {
      made = new ResBlockSteps(script, factory.of(manager), UnaryOperator.identity());
    }
    return made;
  }

  @Override
  public Hidden affineActivated(NDManager scope, List<Hidden> x, NDList norm) {
    return new Hidden(steps().activated(scope, x, new Affine(norm.get(0), norm.get(1))));
  }

  @Override
  public Hidden adaptiveActivated(NDManager scope, List<Hidden> x, NDArray c, NDList norm) {
    return new Hidden(steps().activated(scope, x, Modulation.of(c, norm)));
  }

  @Override
  public Hidden plainResidual(NDManager scope, List<Hidden> x, Hidden a, NDList w) {
    return new Hidden(steps().residual(scope, x, a, Plain.of(w), SecondHalf.of(w, Plain.TAKEN)));
  }

  @Override
  public Hidden addedResidual(
      NDManager scope, List<Hidden> x, Hidden a, NDArray c, KnownProducts known, NDList w) {
    FirstHalf first =
        known
            .of(w.get(0))
            .<FirstHalf>map(product -> new Plain(w.get(1), product, w.get(3), w.get(4)))
            .orElseGet(() -> Biased.of(c, w));
    return new Hidden(steps().residual(scope, x, a, first, SecondHalf.of(w, Biased.TAKEN)));
  }

  @Override
  public ConditionProducts products(NDManager parent, List<NDArray> weights, List<NDArray> biases) {
    return new JoinedProducts(parent, weights, biases);
  }

  @Override
  public Hidden adaptiveResidual(NDManager scope, List<Hidden> x, Hidden a, NDArray c, NDList w) {
    return new Hidden(
        steps().residual(scope, x, a, Modulated.of(c, w), SecondHalf.of(w, Modulated.TAKEN)));
  }

  /** Returns the two maps themselves: the kernels of a ResBlock read them where they lie. */
  @Override
  public List<Hidden> joined(NDManager scope, Hidden x, Hidden skip) {
    return List.of(x, skip);
  }

  @Override
  public Hidden halved(NDManager scope, Hidden x) {
    return of(scope, "halved", x);
  }

  @Override
  public Hidden doubled(NDManager scope, Hidden x) {
    return of(scope, "doubled", x);
  }

  @Override
  public Hidden embed(NDManager scope, NDArray zt, NDArray table, NDList filtersAndBias) {
    return dense(scope, others.embed(scope, zt, table, filtersAndBias));
  }

  @Override
  public Hidden attended(NDManager scope, Hidden x, NDList weights) {
    return dense(scope, others.attended(scope, x, weights));
  }

  @Override
  public Hidden part(NDManager scope, Hidden x, NDList condition, NDList weights, Part part) {
    return dense(scope, others.part(scope, x, condition, weights, part));
  }

  @Override
  public Hidden head(NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    return others.head(scope, a, rows, filtersAndBias);
  }

  @Override
  public NDArray exact(NDManager scope, Hidden logits) {
    return others.exact(scope, logits);
  }

  /** Returns a map with its channels last in memory, as the kernels read it; closes the given. */
  Hidden dense(NDManager scope, Hidden map) {
    try (map) {
      return of(scope, "contiguousMap", map);
    }
  }

  private Hidden of(NDManager scope, String function, Hidden map) {
    return new Hidden(script.run(scope, function, map.array).singletonOrThrow());
  }

  @Override
  public String description() {
    return "CUDA kernels of our own between libtorch's convolutions";
  }

  @Override
  public synchronized void close() {
    if (made != null) {
      made.kernels().close();
    }
    others.close();
    script.close();
    manager.close();
  }
}
