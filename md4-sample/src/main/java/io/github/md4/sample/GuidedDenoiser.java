// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.diffusion.MixedLengths;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

/**
 * Classifier-free guidance (Ho and Salimans, arXiv 2207.12598, Equation 6) for masked diffusion: a
 * network called with an example's class c and with no class, in one batch, and the mixture of
 * their logits,
 *
 * <pre>{@code
 * logits = logits(z, none) + scale (logits(z, c) - logits(z, none))
 * }</pre>
 *
 * <p>so that {@code mu} is proportional to {@code mu(c)^scale mu(none)^(1 - scale)}. A scale of 1
 * is the network with the class, 0 the network without one. Above 1 samples are more like their
 * class and less like each other. The network was not trained for this law, so samples are
 * approximate by intent. The paper names it as future work.
 *
 * @param network the network, trained with classes and without; stays the caller's
 * @param nullLabel the label that stands for no class, at least 0
 * @param scale 1 is the network with the class, 0 the one without; above 1 samples are more like
 *     their class; finite
 */
public record GuidedDenoiser(Denoiser network, int nullLabel, double scale) implements Guided {

  /**
   * Checks the scale.
   *
   * @param nullLabel the label that stands for no class, at least 0
   * @param scale 1 is the network with the class, 0 the one without; above 1 samples are more like
   *     their class; finite
   * @param network the network, trained with classes and without; stays the caller's
   * @throws IllegalArgumentException if {@code scale} is not finite or {@code nullLabel} negative
   * @throws NullPointerException if {@code network} is null
   */
  public GuidedDenoiser {
    Objects.requireNonNull(network, "network");
    require(nullLabel >= 0, "nullLabel must be at least 0", nullLabel);
    require(Double.isFinite(scale), "scale must be finite", scale);
  }

  @Override
  public double factor() {
    return scale;
  }

  @Override
  public Condition conditionWithout(Condition condition) {
    int[] none = new int[condition.times().length];
    Arrays.fill(none, nullLabel);
    return new Condition(condition.times(), none, condition.vectors());
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    NDManager parent = zt.getManager();
    try (NDManager scope = parent.newSubManager()) {
      scope.tempAttachAll(zt, rows);
      NDArray twice = NDArrays.concat(new NDList(zt, zt)); // [2 B, N]
      NDArray both = NDArrays.concat(new NDList(rows, rows.add(zt.size()))); // [2 R]
      NDArray logits = network.logits(twice, twice(condition), both); // [2 R, V]
      return scope.ret(mixture(logits));
    }
  }

  @Override
  public Denoiser withMaskColumn() {
    return new GuidedDenoiser(network.withMaskColumn(), nullLabel, scale);
  }

  @Override
  public Optional<MixedLengths> mixedLengths() {
    return network
        .mixedLengths()
        .map(mixed -> (zts, condition, rows) -> logits(mixed, zts, condition, rows));
  }

  private NDArray logits(MixedLengths mixed, List<NDArray> zts, Condition condition, NDArray rows) {
    NDManager parent = rows.getManager();
    long positions = zts.stream().mapToLong(NDArray::size).sum();
    try (NDManager scope = parent.newSubManager()) {
      scope.tempAttachAll(rows);
      List<NDArray> twice = new ArrayList<>(zts);
      twice.addAll(zts);
      NDArray both = NDArrays.concat(new NDList(rows, rows.add(positions))); // [2 R]
      return scope.ret(mixture(mixed.logits(twice, twice(condition), both)));
    }
  }

  /** Returns the mixture of the logits with the class, then without, [2 R, V]. */
  private NDArray mixture(NDArray logits) {
    NDList halves = logits.split(2);
    NDArray conditional = halves.get(0);
    NDArray unconditional = halves.get(1);
    return unconditional.add(conditional.sub(unconditional).mul(scale));
  }

  private Condition twice(Condition condition) {
    int count = condition.labels().length;
    int[] labels = Arrays.copyOf(condition.labels(), 2 * count);
    Arrays.fill(labels, count, 2 * count, nullLabel);
    double[] times = Arrays.copyOf(condition.times(), 2 * condition.times().length);
    System.arraycopy(condition.times(), 0, times, times.length / 2, times.length / 2);
    return new Condition(times, labels);
  }
}
