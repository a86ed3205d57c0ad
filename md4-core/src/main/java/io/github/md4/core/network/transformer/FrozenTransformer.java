// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.diffusion.MixedLengths;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.loss.AskedLoss;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.SameInBatch;
import io.github.md4.core.network.StepDraws;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Supplier;

/** The transformer with frozen weights, computed by the fastest available implementation. */
final class FrozenTransformer implements FrozenDenoiser, StepDraws, SameInBatch {
  private final Check check;
  private final FrozenWeights weights;
  private final FrozenForward forward;
  private final Supplier<ScriptForward> keeping;

  /** A check of the inputs' shapes. */
  interface Check {
    void of(NDArray zt, Condition condition, NDArray rows);

    void of(List<NDArray> zts, Condition condition, NDArray rows);
  }

  /**
   * @param weights closed with this, as is {@code forward}
   * @param keeping makes a forward pass for decoders, which close it
   */
  FrozenTransformer(
      Check check, FrozenWeights weights, FrozenForward forward, Supplier<ScriptForward> keeping) {
    this.check = check;
    this.keeping = keeping;
    this.weights = weights;
    this.forward = forward;
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    check.of(zt, condition, rows);
    return forward.logits(zt, condition, rows);
  }

  @Override
  public NDArray losses(NDArray zt, Condition condition, NDArray rows, AskedLoss asked) {
    check.of(zt, condition, rows);
    return forward.losses(zt, condition, rows, asked);
  }

  @Override
  public Precision residual() {
    return forward.residual();
  }

  @Override
  public Optional<MixedLengths> mixedLengths() {
    return forward
        .mixedLengths()
        .map(
            mixed ->
                (zts, condition, rows) -> {
                  check.of(zts, condition, rows);
                  return mixed.logits(zts, condition, rows);
                });
  }

  @Override
  public OptionalInt widthIfSame() {
    return forward.widthIfSame();
  }

  @Override
  public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> steps, Inversion inversion) {
    return forward.drawAhead(zt, steps, inversion);
  }

  @Override
  public Optional<StepDraws> with(Guided guided) {
    return forward.with(guided);
  }

  @Override
  public Optional<Decoder> decoder(NDManager parent, int slots, int length) {
    if (!weights.config().causal()) {
      return Optional.empty();
    }
    ScriptForward pass = keeping.get();
    Decoder decoder = pass.keeping(parent, slots, length);
    return Optional.of(
        new Decoder() {
          @Override
          public NDArray next(
              NDManager scope, int[] of, int past, int[][] tokens, Condition condition) {
            return decoder.next(scope, of, past, tokens, condition);
          }

          @Override
          public void close() {
            decoder.close();
            pass.close();
          }
        });
  }

  @Override
  public String description() {
    return forward.description();
  }

  @Override
  public void close() {
    forward.close();
    weights.close();
  }
}
