// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import java.util.List;

/** A network on a device that runs out of memory at one of the run's batches. */
public record FullMemory(Network network, long batch) implements Network {
  public static final String COMPLAINT = "CUDA out of memory. Tried to allocate 2.00 GiB.";

  @Override
  public List<ParameterSpec> specs() {
    return network.specs();
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return network.denoiser(parameters);
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    return new Trainable(network.trainable(parent, parameters, options), batch);
  }

  @Override
  public void close() {
    network.close();
  }

  private record Trainable(TrainableNetwork network, long batch) implements TrainableNetwork {
    @Override
    public Prepared prepare(NetworkInput input, DropoutNoise noise) {
      return scope -> {
        if (noise.step() == batch) {
          throw new EngineException("The following failed:\nTraceback\n" + COMPLAINT + "\nmore");
        }
        return network.prepare(input, noise).forward(scope);
      };
    }

    @Override
    public FlatArrays gradients() {
      return network.gradients();
    }

    @Override
    public FlatArrays working() {
      return network.working();
    }

    @Override
    public FlatArrays exact() {
      return network.exact();
    }

    @Override
    public OptimizerKernels optimizer() {
      return network.optimizer();
    }

    @Override
    public String description() {
      return network.description();
    }

    @Override
    public void close() {
      network.close();
    }
  }
}
