// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.EngineEnvironment;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.noise.Noise;
import java.io.IOException;
import java.util.Optional;

/** A network of initial weights, frozen; its speed does not depend on the weights. */
final class UntrainedNetwork implements AutoCloseable {
  private final Network network;
  private final Optional<Parameters> parameters; // where the network needs them
  private final FrozenDenoiser denoiser;

  /**
   * The code that computes the network.
   *
   * @param residual the type of the residual stream as it is
   */
  record Code(String description, Precision residual) {}

  UntrainedNetwork(NDManager manager, FrozenWorkload workload) throws IOException {
    EngineEnvironment.prepareFrozen();
    network =
        workload
            .model()
            .network()
            .network(manager, workload.vocabularySize(), workload.precision());
    Noise noise = new Noise(0);
    Optional<FrozenDenoiser> read =
        network.loaded(
            manager, ParameterSource.initial(network.specs(), noise), workload.residual());
    parameters =
        read.isPresent()
            ? Optional.empty()
            : Optional.of(Parameters.initial(manager, network.specs(), noise));
    denoiser = read.orElseGet(() -> network.frozen(manager, parameters.get(), workload.residual()));
  }

  /** Returns the network as it answers; stays this object's. */
  FrozenDenoiser denoiser() {
    return denoiser;
  }

  Code code() {
    return new Code(denoiser.description(), denoiser.residual());
  }

  @Override
  public void close() {
    denoiser.close();
    parameters.ifPresent(Parameters::close);
    network.close();
  }
}
