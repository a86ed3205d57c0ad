// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDArrays;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import java.util.Arrays;

/**
 * Classifier-free guidance (Ho and Salimans, 2022) for masked diffusion: a network that is asked
 * with an example's class c and with no class, in one batch, and whose logits are mixed,
 *
 * <pre>{@code
 * logits = logits(z, none) + scale (logits(z, c) - logits(z, none))
 * }</pre>
 *
 * <p>so that {@code mu} is proportional to {@code mu(c)^scale mu(none)^(1 - scale)}. A scale of 1
 * is the network told its class, 0 the network told none; above 1 samples are more like their class
 * and less like each other. Not a law that the network was trained for: approximate by intent. The
 * paper names it as future work.
 *
 * @param nullLabel the label that stands for no class
 * @param scale finite
 */
public record GuidedDenoiser(Denoiser network, int nullLabel, double scale) implements Denoiser {

  public GuidedDenoiser {
    if (!Double.isFinite(scale)) {
      throw new IllegalArgumentException("scale must be finite: " + scale);
    }
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    NDManager parent = zt.getManager();
    try (NDManager scope = parent.newSubManager()) {
      scope.tempAttachAll(zt, rows);
      NDArray twice = NDArrays.concat(new NDList(zt, zt)); // [2 B, N]
      NDArray both = NDArrays.concat(new NDList(rows, rows.add(zt.size()))); // [2 R]
      NDArray logits = network.logits(twice, twice(condition), both); // [2 R, V]
      NDList halves = logits.split(2); // told the class, told none
      NDArray told = halves.get(0);
      NDArray untold = halves.get(1);
      return scope.ret(untold.add(told.sub(untold).mul(scale)));
    }
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
