// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RecordedNetwork;
import io.github.md4.core.network.RecordedNetwork.DeviceBatch;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;

/**
 * The bidirectional transformer of the text experiments: rotary positions, gated feed-forwards, and
 * a condition that modulates every LayerNorm (spec, Section 5.3).
 *
 * <p>Both precisions run this code. Its denoisers are safe for several threads; one network in
 * training is for one. A denoiser throws an IllegalArgumentException where shapes, times or labels
 * do not fit.
 */
public final class Transformer implements Network {
  private static final double EPSILON = 1e-5;

  private final TransformerConfig config;
  private final List<ParameterSpec> specs;
  private final NDManager manager;
  private final TransformerKernels.Options kernelOptions;
  private final TransformerKernels inference;
  private final TransformerKernels training;
  private final Map<Integer, NDList> rotary = new ConcurrentHashMap<>();

  /**
   * Makes the network.
   *
   * @param parent the manager, and so the device, under which its tables live
   * @param config widths, heads, layers and the rate of dropout
   * @param vocabularySize V, at least 2; the mask is one more
   * @param precision the element type of matrix products, float32 or bfloat16; norms, softmax and
   *     losses are float32 in both
   */
  public Transformer(
      NDManager parent, TransformerConfig config, int vocabularySize, Precision precision) {
    this.config = config;
    this.specs = TransformerSpecs.of(config, vocabularySize);
    this.manager = parent.newSubManager();
    this.kernelOptions =
        new TransformerKernels.Options(
            precision,
            config.activation(),
            config.heads(),
            config.keyValueHeads(),
            config.headWidth(),
            config.causal(),
            EPSILON);
    this.inference = TransformerKernels.forInference(manager, kernelOptions);
    this.training = TransformerKernels.forTraining(manager, kernelOptions, dropout(config));
  }

  /**
   * Returns the rates of dropout; embedded tokens are dropped only where the table has the full
   * width.
   */
  private static TransformerKernels.Dropout dropout(TransformerConfig config) {
    double embedding = config.embedding() == Embedding.INSIDE ? config.dropout() : 0;
    return new TransformerKernels.Dropout(config.dropout(), embedding, config.attentionDropout());
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs;
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    DropoutMask none = new DropoutMask.None(inference);
    return (zt, condition, rows) -> {
      check(zt, condition, rows);
      return new TransformerPass(
              config,
              new Blocks.Weights(inference, parameters, rotary(zt), none),
              new Recording.None(),
              new EngineSeeds.None())
          .logits(zt, condition, rows);
    };
  }

  @Override
  public FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return frozen(parent, parameters, Precision.FLOAT32);
  }

  @Override
  public FrozenDenoiser frozen(NDManager parent, Parameters parameters, Precision residual) {
    FrozenWeights weights = FrozenWeights.of(parent, config, parameters, kernelOptions.precision());
    return frozen(parent, weights, residual);
  }

  /** Empty in float32, in which products read the parameters themselves. */
  @Override
  public Optional<FrozenDenoiser> loaded(
      NDManager parent, ParameterSource source, Precision residual) throws IOException {
    Precision precision = kernelOptions.precision();
    if (precision == Precision.FLOAT32) {
      return Optional.empty();
    }
    FrozenWeights weights = FrozenWeights.read(parent, config, specs, precision, source);
    return Optional.of(frozen(parent, weights, residual));
  }

  private FrozenDenoiser frozen(NDManager parent, FrozenWeights weights, Precision residual) {
    return new FrozenTransformer(
        new InputCheck(),
        weights,
        forward(parent, weights, residual),
        () -> new ScriptForward(parent, kernelOptions, weights));
  }

  private FrozenForward forward(NDManager parent, FrozenWeights weights, Precision residual) {
    FusedKernels.Options wanted =
        new FusedKernels.Options(kernelOptions, TransformerKernels.Dropout.NONE, residual);
    Optional<FusedKernels> found =
        config.isConditional() ? FusedKernels.findFrozen(parent, wanted) : Optional.empty();
    return found
        .map(kernels -> fused(parent, kernels, weights))
        .orElseGet(() -> new ScriptForward(parent, kernelOptions, weights));
  }

  private static FrozenForward fused(
      NDManager parent, FusedKernels kernels, FrozenWeights weights) {
    FusedForward forward = new FusedForward(parent, kernels, weights);
    return kernels
        .inference()
        .recordingStream()
        .<FrozenForward>map(
            stream -> new GraphForward(parent, forward, stream, GraphCalls.CALLS_BEFORE))
        .orElse(forward);
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    return fused(parent, parameters, options)
        .orElseGet(
            () ->
                RecordedNetwork.of(
                    parent,
                    parameters,
                    options.recompute(),
                    (scope, batch, recording) -> recorded(scope, parameters, batch, recording)));
  }

  private Optional<TrainableNetwork> fused(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    FusedKernels.Options wanted =
        new FusedKernels.Options(kernelOptions, dropout(config), options.stream());
    Optional<FusedKernels> found =
        options
            .kernels()
            .fused(
                () -> config.isConditional() ? FusedKernels.find(parent, wanted) : Optional.empty(),
                "an NVIDIA GPU from Ampere on, in bfloat16, and on a CPU, in float32, for networks"
                    + " with a condition");
    return found.map(
        kernels ->
            new FusedTransformer(
                parent,
                kernels,
                config,
                parameters,
                new FusedTransformer.Options(kernelOptions.precision(), options.recompute())));
  }

  private NDArray recorded(
      NDManager scope, Parameters parameters, DeviceBatch batch, Recording recording) {
    NDArray zt = batch.zt();
    check(zt, batch.condition(), batch.rows());
    int batchSize = Math.toIntExact(zt.getShape().get(0));
    DropoutMask mask = DropoutMask.of(scope, training, config, batch.noise(), batchSize);
    Blocks.Weights weights = new Blocks.Weights(training, parameters, rotary(zt), mask);
    EngineSeeds seeds = EngineSeeds.of(config, manager.getEngine(), batch.noise());
    return new TransformerPass(config, weights, recording, seeds)
        .logits(zt, batch.condition(), batch.rows());
  }

  /** The check of the shapes of all inputs. */
  private final class InputCheck implements FrozenTransformer.Check {
    @Override
    public void of(NDArray zt, Condition condition, NDArray rows) {
      of(List.of(zt), condition, rows);
    }

    @Override
    public void of(List<NDArray> zts, Condition condition, NDArray rows) {
      long examples = 0;
      for (NDArray zt : zts) {
        Shape shape = zt.getShape();
        require(shape.dimension() == 2, "zt must be [B, N]", shape);
        examples += shape.get(0);
      }
      require(
          rows.getShape().dimension() == 1 && rows.size() > 0,
          "rows must be [R], R at least 1",
          rows.getShape());
      check(condition, examples);
    }
  }

  private void check(NDArray zt, Condition condition, NDArray rows) {
    new InputCheck().of(zt, condition, rows);
  }

  private void check(Condition condition, long examples) {
    if (config.timeFeatures() == TimeFeatures.T && condition.times().length != examples) {
      throw new IllegalArgumentException(
          "there must be a time for each of "
              + examples
              + " examples: "
              + condition.times().length);
    }
    if (config.classes() > 0 && condition.labels().length != examples) {
      throw new IllegalArgumentException(
          "there must be a label for each of "
              + examples
              + " examples: "
              + condition.labels().length);
    }
    for (int label : condition.labels()) {
      if (config.classes() > 0 && !(label >= 0 && label < config.classes())) {
        throw new IllegalArgumentException(
            "labels must be in [0, " + config.classes() + "): " + label);
      }
    }
  }

  private NDList rotary(NDArray zt) {
    int length = Math.toIntExact(zt.getShape().get(1));
    return rotary.computeIfAbsent(length, l -> Rotary.halves(manager, l, config.headWidth()));
  }

  @Override
  public void close() {
    manager.close();
  }
}
