// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.update;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.train.optimizer.AdamW;
import java.util.Optional;

/**
 * An update of parameters down their gradients.
 *
 * @param number the update's number, from 1
 * @param rate the learning rate of this update, at least 0
 * @param emaRate the average's memory, {@code e <- e + (1 - emaRate) (p - e)}
 * @param good as {@link OptimizerKernels.Numbers#good}
 */
public record ParameterUpdate(long number, double rate, double emaRate, Optional<NDArray> good) {

  /** An update that is made in any case. */
  public ParameterUpdate(long number, double rate, double emaRate) {
    this(number, rate, emaRate, Optional.empty());
  }

  /** Moves parameters, moments and average by AdamW, in place. */
  public void apply(AdamW adamW, OptimizerKernels kernels, Trained trained, FlatArrays gradient) {
    OptimizerKernels.Numbers numbers =
        new OptimizerKernels.Numbers(
            rate,
            adamW.beta1(),
            adamW.beta2(),
            adamW.epsilon(),
            adamW.weightDecay(),
            1 - Math.pow(adamW.beta1(), (double) number),
            1 - Math.pow(adamW.beta2(), (double) number),
            emaRate,
            good);
    kernels.update(trained, gradient, numbers);
  }
}
