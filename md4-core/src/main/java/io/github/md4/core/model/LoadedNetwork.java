// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.Parameters;
import java.io.IOException;
import java.util.Optional;

/**
 * A network with frozen weights. Closing it frees both.
 *
 * @param weights frees the weights
 */
record LoadedNetwork(Network network, FrozenDenoiser denoiser, Runnable weights)
    implements AutoCloseable {

  /**
   * Returns a network with the weights of a source.
   *
   * @param network closed with this; stays the caller's where this fails
   * @param residual the element type of the residual stream where the products are bfloat16
   */
  static LoadedNetwork of(
      Network network, ParameterSource source, NDManager manager, Precision residual)
      throws IOException {
    Optional<FrozenDenoiser> loaded = network.loaded(manager, source, residual);
    if (loaded.isPresent()) {
      return new LoadedNetwork(network, loaded.get(), loaded.get()::close);
    }
    Parameters parameters = Parameters.read(manager, network.specs(), source);
    FrozenDenoiser denoiser = network.frozen(manager, parameters, residual);
    return new LoadedNetwork(
        network,
        denoiser,
        () -> {
          denoiser.close();
          parameters.close();
        });
  }

  @Override
  public void close() {
    weights.run();
    network.close();
  }
}
