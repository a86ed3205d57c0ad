// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.BlockDecoder;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.DditKernels;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RecordedNetwork;
import io.github.md4.core.network.RotaryAngles;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import java.io.IOException;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/** A network of the DDiT kind over V tokens and the mask. Safe for several threads. */
final class DditNetwork implements Network {
  private static final double EPSILON = 1e-5;
  private static final double ROTARY_BASE = 10_000;

  private final DditConfig config;
  private final List<ParameterSpec> specs;
  private final Precision precision;
  private final NDManager manager;
  private final DditKernels inference;
  private final DditKernels training;
  private final RotaryAngles angles;
  private final Map<Integer, NDList> tables = new ConcurrentHashMap<>();

  /**
   * @param vocabularySize V; the mask is one more
   */
  DditNetwork(NDManager parent, DditConfig config, int vocabularySize, Precision precision) {
    this.config = config;
    this.specs = DditSpecs.of(config, vocabularySize);
    this.precision = precision;
    this.manager = parent.newSubManager();
    this.angles = new RotaryAngles(ROTARY_BASE, config.headWidth());
    DditKernels.Options options =
        new DditKernels.Options(
            precision,
            config.heads(),
            config.headWidth(),
            EPSILON,
            config.isAdaptive(),
            !config.isAdaptive());
    this.inference = DditKernels.forInference(manager, options);
    this.training = DditKernels.forTraining(manager, options);
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs;
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return new Weighted(parameters::get);
  }

  /** The network with weights. */
  private class Weighted implements Denoiser {
    private final Function<String, NDArray> weights;

    Weighted(Function<String, NDArray> weights) {
      this.weights = weights;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return DditNetwork.this.logits(weights, zt, condition, rows);
    }

    @Override
    public Optional<BlockDecoder> blockDecoder(NDManager parent) {
      return config.blockSize() > 0 ? Optional.of(memory(parent, weights)) : Optional.empty();
    }

    /** RADD's samplers read the mask's logit beside the tokens'. */
    @Override
    public Denoiser withMaskColumn() {
      return config.isAdaptive()
          ? this
          : (zt, condition, rows) ->
              pass(weights, places(zt), inference, new Recording.None())
                  .raw(zt, sigmas(condition), rows);
    }
  }

  private NDArray logits(
      Function<String, NDArray> weights, NDArray zt, Condition condition, NDArray rows) {
    return pass(weights, places(zt), inference, new Recording.None())
        .logits(zt, sigmas(condition), rows);
  }

  private static double[] sigmas(Condition condition) {
    return Arrays.stream(condition.times()).map(NoiseFeatures::sigma).toArray();
  }

  /** Returns the places of sequences at the positions from 0 on. */
  private NDList places(NDArray zt) {
    int length = Math.toIntExact(zt.getShape().get(1));
    return tables.computeIfAbsent(length, this::newPlaces);
  }

  private NDList newPlaces(int length) {
    NDList places = angles.tables(manager, length);
    if (config.blockSize() > 0) {
      places.add(BlockMask.causal(length, config.blockSize()).array(manager));
    }
    return places;
  }

  /** Returns a memory of clean blocks, to be closed by the caller. */
  BlockMemory memory(NDManager parent, Function<String, NDArray> weights) {
    return new BlockMemory(parent, config, inference, weights, angles);
  }

  RotaryAngles angles() {
    return angles;
  }

  /** Returns a pass without a backward pass. */
  DditPass pass(Function<String, NDArray> weights, NDList places) {
    return pass(weights, places, inference, new Recording.None());
  }

  private DditPass pass(
      Function<String, NDArray> weights, NDList places, DditKernels kernels, Recording recording) {
    return new DditPass(config, kernels, weights, places, recording);
  }

  @Override
  public Optional<FrozenDenoiser> loaded(
      NDManager parent, ParameterSource source, Precision residual) throws IOException {
    return Optional.of(new Loaded(LoadedWeights.read(parent, specs, precision, source)));
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    return RecordedNetwork.unfused(
        "ddit",
        parent,
        parameters,
        options,
        (scope, batch, recording) ->
            pass(parameters::get, places(batch.zt()), training, recording)
                .logits(batch.zt(), sigmas(batch.condition()), batch.rows()));
  }

  @Override
  public void close() {
    manager.close();
  }

  /** The network with weights in the type of its products. */
  private final class Loaded extends Weighted implements FrozenDenoiser {
    private final LoadedWeights weights;

    Loaded(LoadedWeights weights) {
      super(weights::of);
      this.weights = weights;
    }

    @Override
    public String description() {
      return "TorchScript";
    }

    @Override
    public void close() {
      weights.close();
    }
  }
}
