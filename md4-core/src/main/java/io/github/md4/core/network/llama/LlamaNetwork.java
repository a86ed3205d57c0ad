// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.llama;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.graph.FrozenCalls;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.LlamaKernels;
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
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;

/**
 * A network of the Llama kind over V rows, one of which is the mask's. Safe for several threads.
 */
final class LlamaNetwork implements Network {
  private final LlamaConfig config;
  private final int vocabularySize;
  private final List<ParameterSpec> specs;
  private final Precision precision;
  private final NDManager manager;
  private final LlamaKernels.Options options;
  private final LlamaKernels inference;
  private final LlamaKernels training;
  private final RotaryAngles angles;
  private final NDArray maskColumn;
  private final Map<Integer, NDList> tables = new ConcurrentHashMap<>();

  /**
   * @param vocabularySize V; the token V is the mask, and is embedded as {@code maskColumn}
   * @throws IllegalArgumentException unless the mask's row is one of the table
   */
  LlamaNetwork(NDManager parent, LlamaConfig config, int vocabularySize, Precision precision) {
    if (config.maskColumn() >= vocabularySize) {
      throw new IllegalArgumentException(
          "maskColumn must be below %d: %d".formatted(vocabularySize, config.maskColumn()));
    }
    this.config = config;
    this.vocabularySize = vocabularySize;
    this.specs = LlamaSpecs.of(config, vocabularySize);
    this.precision = precision;
    this.manager = parent.newSubManager();
    this.angles = new RotaryAngles(config.rotaryBase(), config.headWidth());
    this.maskColumn = manager.create(new long[] {config.maskColumn()});
    this.options =
        new LlamaKernels.Options(
            precision,
            config.width(),
            config.heads(),
            config.keyValueHeads(),
            config.headWidth(),
            config.hiddenWidth(),
            config.epsilon(),
            config.isBiased(),
            config.hasHeadNorms(),
            vocabularySize,
            config.maskColumn());
    this.inference = LlamaKernels.forInference(manager, options);
    this.training = LlamaKernels.forTraining(manager, options);
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs;
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return new Weighted(inference, parameters::get);
  }

  @Override
  public FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return new Frozen(parent, inference, parameters::get, () -> {});
  }

  @Override
  public Optional<FrozenDenoiser> loaded(
      NDManager parent, ParameterSource source, Precision residual) throws IOException {
    LoadedWeights weights = LoadedWeights.read(parent, specs, precision, source);
    return Optional.of(
        weights.frozen(
            () -> LlamaKernels.forFrozenWeights(manager, options),
            LlamaKernels::close,
            (kernels, freeing) -> new Frozen(parent, kernels, weights::of, freeing)));
  }

  /** Returns the pass of sequences that see each other whole, at the positions from 0 on. */
  LlamaPass pass(Function<String, NDArray> weights, NDArray zt) {
    return pass(weights, places(zt));
  }

  /** Returns the pass of sequences with other places. */
  LlamaPass pass(Function<String, NDArray> weights, NDList places) {
    return pass(inference, weights, places);
  }

  private LlamaPass pass(LlamaKernels kernels, Function<String, NDArray> weights, NDList places) {
    return new LlamaPass(config, kernels, weights, places, new Recording.None());
  }

  private NDList places(NDArray zt) {
    int length = Math.toIntExact(zt.getShape().get(1));
    return tables.computeIfAbsent(length, l -> angles.tables(manager, l));
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    return RecordedNetwork.unfused(
        "llama",
        parent,
        parameters,
        options,
        (scope, batch, recording) ->
            new LlamaPass(config, training, parameters::get, places(batch.zt()), recording)
                .logits(batch.zt().getManager(), batch.zt(), batch.rows(), maskColumn));
  }

  @Override
  public void close() {
    manager.close();
  }

  /** The network with weights. */
  private class Weighted implements Denoiser {
    final LlamaKernels kernels;
    private final Function<String, NDArray> weights;

    Weighted(LlamaKernels kernels, Function<String, NDArray> weights) {
      this.kernels = kernels;
      this.weights = weights;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return FrozenCalls.launched(tokens(kernels, weights), zt, rows, LlamaNetwork::noInputs);
    }

    @Override
    public Denoiser withMaskColumn() {
      return (zt, condition, rows) ->
          FrozenCalls.launched(withMask(kernels, weights), zt, rows, LlamaNetwork::noInputs);
    }
  }

  /** Returns the pass to the logits of tokens, that of the mask so low that it is never drawn. */
  private GraphCalls.Pass tokens(LlamaKernels kernels, Function<String, NDArray> weights) {
    return (scope, zt, inputs, rows) ->
        pass(kernels, weights, places(zt)).logits(scope, zt, rows, maskColumn);
  }

  /** Returns the pass to the logits of tokens and the mask. */
  private GraphCalls.Pass withMask(LlamaKernels kernels, Function<String, NDArray> weights) {
    return (scope, zt, inputs, rows) ->
        pass(kernels, weights, places(zt)).withMask(scope, zt, rows);
  }

  /** The network is told no condition. */
  private static NDList noInputs(NDManager scope) {
    return new NDList();
  }

  /** The network with weights that never change, possibly in the type of its products. */
  private final class Frozen extends Weighted implements FrozenDenoiser {
    private final Runnable freeing;
    private final FrozenCalls tokens;
    private final FrozenCalls withMask;

    /**
     * @param freeing frees kernels and weights
     */
    Frozen(
        NDManager parent,
        LlamaKernels kernels,
        Function<String, NDArray> weights,
        Runnable freeing) {
      super(kernels, weights);
      this.freeing = freeing;
      int calls = GraphCalls.CALLS_BEFORE;
      this.tokens = FrozenCalls.of(parent, tokens(kernels, weights), vocabularySize, calls);
      this.withMask = FrozenCalls.of(parent, withMask(kernels, weights), vocabularySize, calls);
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return tokens.logits(zt, rows, LlamaNetwork::noInputs);
    }

    @Override
    public Denoiser withMaskColumn() {
      return (zt, condition, rows) -> withMask.logits(zt, rows, LlamaNetwork::noInputs);
    }

    @Override
    public String description() {
      return kernels.description() + tokens.description();
    }

    @Override
    public void close() {
      withMask.close();
      tokens.close();
      freeing.run();
    }
  }
}
