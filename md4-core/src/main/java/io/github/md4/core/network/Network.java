// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;

/** A network without its weights: the same object serves the trained and the averaged ones. */
public interface Network extends AutoCloseable {

  /** Returns its parameters, in the order in which they are filled and saved. */
  List<ParameterSpec> specs();

  /** Returns what guesses with these weights, without dropout; nothing can be differentiated. */
  Denoiser denoiser(Parameters parameters);

  /**
   * As {@link #denoiser}, of weights that never change again: what follows from them alone is
   * computed once. Closed by the caller, before the weights.
   */
  default FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return new FrozenDenoiser.Plain(denoiser(parameters));
  }

  /**
   * Returns this network with parameters to be trained, of which it may keep copies: from then on
   * they are changed by its {@link TrainableNetwork#optimizer} alone.
   *
   * @throws io.github.md4.core.DeviceException if the options ask for kernels that do not run here
   * @throws io.github.md4.core.InvalidConfigException if they ask for another of {@link
   *     #recomputes}
   */
  TrainableNetwork trainable(NDManager parent, Parameters parameters, TrainingOptions options);

  /** Returns the choices that training has of what to compute again. */
  default Set<TrainingOptions.Recompute> recomputes() {
    return EnumSet.allOf(TrainingOptions.Recompute.class);
  }

  @Override
  void close();
}
