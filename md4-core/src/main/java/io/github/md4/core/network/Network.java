// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import java.io.IOException;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * A network without its weights: the same object serves the trained and the averaged ones. Closing
 * it frees tables and kernels, and is done after all that it made is closed.
 *
 * <p>{@link ForwardNetwork} makes one of a forward pass of a user's own.
 */
public interface Network extends AutoCloseable {

  /** {@return its parameters, in the order of initialisation and of files} */
  List<ParameterSpec> specs();

  /**
   * {@return the denoiser with these weights, without dropout; its results cannot be
   * differentiated}
   *
   * @param parameters float32 arrays by name, as {@link #specs} has them; not closed
   */
  Denoiser denoiser(Parameters parameters);

  /**
   * {@return a denoiser of weights that never change again; values derived from them are computed
   * once} Closed by the caller, before the weights.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param parameters float32 arrays by name, as {@link #specs} has them; not closed
   */
  default FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return new FrozenDenoiser.Plain(denoiser(parameters));
  }

  /**
   * {@return as {@link #frozen(NDManager, Parameters)}, with a residual stream of another type
   * where the network has CUDA kernels for one} Other networks have no stream of a type of its own.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param parameters float32 arrays by name, as {@link #specs} has them; not closed
   * @param residual the element type of the residual stream where the products are bfloat16
   */
  default FrozenDenoiser frozen(NDManager parent, Parameters parameters, Precision residual) {
    return frozen(parent, parameters);
  }

  /**
   * {@return a denoiser of weights that are read, kept in the type of the products alone; empty
   * where the network needs {@link Parameters}} Closed by the caller.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param source reads the weights, a part at a time
   * @param residual the element type of the residual stream where the products are bfloat16, as of
   *     {@link #frozen(NDManager, Parameters, Precision)}
   * @throws IOException if a file cannot be read
   */
  default Optional<FrozenDenoiser> loaded(
      NDManager parent, ParameterSource source, Precision residual) throws IOException {
    return Optional.empty();
  }

  /**
   * {@return this network with parameters to be trained} It may keep copies of them: from then on
   * only its {@link TrainableNetwork#optimizer} may change them.
   *
   * @param parent the manager of the arrays, whose device is theirs
   * @param parameters float32 arrays by name, as {@link #specs} has them; not closed
   * @param options the code that computes, the type of the residual stream and what is computed
   *     twice
   * @throws io.github.md4.core.DeviceException if the options ask for kernels that do not run here
   * @throws io.github.md4.core.InvalidConfigException if they ask for another of {@link
   *     #recomputes}
   */
  TrainableNetwork trainable(NDManager parent, Parameters parameters, TrainingOptions options);

  /** {@return the choices of recomputation that the network supports in training} */
  default Set<TrainingOptions.Recompute> recomputes() {
    return EnumSet.allOf(TrainingOptions.Recompute.class);
  }

  @Override
  void close();
}
