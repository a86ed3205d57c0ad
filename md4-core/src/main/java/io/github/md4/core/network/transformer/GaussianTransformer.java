// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.FusedKernels;
import io.github.md4.core.internal.transformer.TransformerKernels;
import io.github.md4.core.network.Initializer;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RecordedNetwork;
import io.github.md4.core.network.RecordedNetwork.DeviceBatch;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;

/**
 * The transformer of Gaussian diffusion over embedded tokens; {@link GaussianPass} is its
 * computation. Safe for use by several threads.
 */
final class GaussianTransformer implements Network {
  private static final double EPSILON = 1e-5;

  private final GaussianTransformerConfig config;
  private final TransformerConfig blocks;
  private final List<ParameterSpec> specs;
  private final NDManager manager;
  private final TransformerKernels.Options kernels;
  private final TransformerKernels.Dropout dropout;
  private final TransformerKernels inference;
  private final TransformerKernels training;
  private final Autograd autograd;
  private final Map<Integer, NDList> rotary = new ConcurrentHashMap<>();

  GaussianTransformer(
      NDManager parent, GaussianTransformerConfig config, int vocabularySize, Precision precision) {
    this.config = config;
    this.blocks = config.blocks();
    this.specs = specs(config, vocabularySize);
    this.manager = parent.newSubManager();
    this.kernels =
        new TransformerKernels.Options(
            precision,
            blocks.activation(),
            blocks.heads(),
            blocks.keyValueHeads(),
            blocks.headWidth(),
            false,
            EPSILON);
    this.dropout = new TransformerKernels.Dropout(config.dropout(), 0, config.attentionDropout());
    this.inference = TransformerKernels.forInference(manager, kernels);
    this.training = TransformerKernels.forTraining(manager, kernels, dropout);
    this.autograd = new Autograd(manager);
  }

  private static List<ParameterSpec> specs(GaussianTransformerConfig config, int vocabularySize) {
    long d = config.vectorWidth();
    long inputs = config.selfConditioning() > 0 ? 2 * d : d;
    long width = config.blocks().width();
    List<ParameterSpec> specs = new ArrayList<>();
    specs.add(
        new ParameterSpec(
            GaussianPass.TABLE, new Shape(vocabularySize, d), new Initializer.Normal(1)));
    specs.add(
        new ParameterSpec(
            GaussianPass.PRODUCT,
            new Shape(width, inputs),
            new Initializer.LeCunNormal(inputs, 1)));
    specs.add(new ParameterSpec(GaussianPass.BIAS, new Shape(width), new Initializer.Zeros()));
    for (ParameterSpec spec : TransformerSpecs.of(config.blocks(), vocabularySize)) {
      if (!spec.name().startsWith("embedding.")) {
        specs.add(spec);
      }
    }
    return List.copyOf(specs);
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs;
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return (zt, condition, rows) -> {
      int batchSize = Math.toIntExact(zt.getShape().get(0));
      GaussianPass pass = plain(parameters, length(zt));
      int[] all =
          config.selfConditioning() > 0 ? IntStream.range(0, batchSize).toArray() : new int[0];
      try (NDManager scope = zt.getManager().newSubManager()) {
        GaussianInput input = GaussianInput.of(scope, zt, condition);
        NDArray found =
            autograd.pause(
                () -> {
                  NDArray guess = pass.firstGuess(scope, input, all);
                  return pass.outputs(scope, input, guess, rows);
                });
        found.attach(zt.getManager());
        return found;
      }
    };
  }

  private GaussianPass plain(Parameters parameters, int length) {
    DropoutMask none = new DropoutMask.None(inference);
    return new GaussianPass(
        config,
        new TransformerPass(
            blocks,
            new Blocks.Weights(inference, parameters, rotary(length), none),
            new Recording.None(),
            new EngineSeeds.None()));
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
    FusedKernels.Options wanted = new FusedKernels.Options(kernels, dropout, options.stream());
    Optional<FusedKernels> found =
        options
            .kernels()
            .fused(
                () -> FusedKernels.find(parent, wanted),
                "an NVIDIA GPU from Ampere on, in bfloat16, and on a CPU, in float32");
    return found.map(
        ours ->
            new FusedGaussian(
                parent,
                ours,
                config,
                parameters,
                new FusedTransformer.Options(kernels.precision(), options.recompute()),
                (scope, input, examples) ->
                    firstGuess(scope, plain(parameters, input.length()), input, examples)));
  }

  private NDArray firstGuess(
      NDManager scope, GaussianPass pass, GaussianInput input, int... examples) {
    return autograd.pause(() -> pass.firstGuess(scope, input, examples));
  }

  private NDArray recorded(
      NDManager scope, Parameters parameters, DeviceBatch batch, Recording recording) {
    GaussianInput input = GaussianInput.of(scope, batch.zt(), batch.condition());
    int batchSize = Math.toIntExact(batch.zt().getShape().get(0));
    int[] chosen = batch.noise().selfConditioned(batchSize, config.selfConditioning());
    NDArray guess = firstGuess(scope, plain(parameters, length(batch.zt())), input, chosen);
    Blocks.Weights weights =
        new Blocks.Weights(
            training,
            parameters,
            rotary(length(batch.zt())),
            DropoutMask.of(scope, training, blocks, batch.noise(), batchSize));
    EngineSeeds seeds = EngineSeeds.of(blocks, manager.getEngine(), batch.noise());
    return new GaussianPass(config, new TransformerPass(blocks, weights, recording, seeds))
        .outputs(scope, input, guess, batch.rows());
  }

  private static int length(NDArray zt) {
    return Math.toIntExact(zt.getShape().get(1));
  }

  private NDList rotary(int length) {
    return rotary.computeIfAbsent(length, l -> Rotary.halves(manager, l, blocks.headWidth()));
  }

  @Override
  public void close() {
    autograd.close();
    inference.close();
    training.close();
    manager.close();
  }
}
