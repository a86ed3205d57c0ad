// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.InvalidConfigException;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.image.FusedUNetKernels;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.ConditionKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.DropoutNoise;
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
import io.github.md4.core.token.ImageShape;
import java.io.IOException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.function.Function;

/**
 * A network over the values of an image: a backbone and a condition.
 *
 * <p>Both precisions run this code. Safe for use by several threads.
 */
final class PixelNetwork implements Network {
  private final Definition definition;
  private final BackboneFactory factory;
  private final ImageConfig config;
  private final ConditionEmbedding embedding;
  private final NDManager manager;
  private final ModeKernels inference;
  private final List<ParameterSpec> specs;

  /** The kernels of feature maps in inference, if the network has such maps. */
  private Optional<UNetKernels> convolutional = Optional.empty();

  /** The config, vocabulary and types of a network. */
  record Definition(
      ImageConfig config, int vocabularySize, Precision precision, MemoryFormat memoryFormat) {
    /** Returns the options of kernels; the stream is at most as exact as the products. */
    UNetKernels.Options kernelOptions(Precision stream) {
      Precision ofStream = precision == Precision.FLOAT32 ? precision : stream;
      ImageShape image = config.image();
      return new UNetKernels.Options(
          precision, ofStream, memoryFormat, image.height(), image.width(), image.colours());
    }
  }

  /** A factory of the backbone for a kernel mode. */
  interface BackboneFactory {
    Backbone of(KernelMode mode);
  }

  /** The kernels of one mode. */
  private record ModeKernels(ConditionKernels condition, Backbone backbone) {
    static ModeKernels of(KernelMode mode, BackboneFactory factory) {
      return new ModeKernels(mode.condition(), factory.of(mode));
    }
  }

  PixelNetwork(NDManager parent, Definition definition, BackboneFactory factory) {
    this.config = definition.config;
    this.embedding = new ConditionEmbedding(config.condition(), config.width());
    this.manager = parent.newSubManager();
    this.definition = definition;
    this.factory = factory;
    UNetKernels.Options options = definition.kernelOptions(definition.precision);
    KernelMode mode =
        new KernelMode.Inference(
            manager,
            options,
            () -> {
              UNetKernels kernels = UNetKernels.forInference(manager, options, config.widestMap());
              convolutional = Optional.of(kernels);
              return kernels;
            });
    this.inference = ModeKernels.of(mode, factory);
    this.specs = new ArrayList<>(embedding.specs());
    specs.addAll(inference.backbone.specs());
  }

  @Override
  public List<ParameterSpec> specs() {
    return List.copyOf(specs);
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return (zt, condition, rows) -> logits(inference, parameters, zt, condition, rows);
  }

  @Override
  public FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return frozen(parent, ImageWeights.of(parent, parameters, ofProducts(), definition.precision));
  }

  /** Empty in float32, in which products read the parameters themselves. */
  @Override
  public Optional<FrozenDenoiser> loaded(
      NDManager parent, ParameterSource source, Precision residual) throws IOException {
    if (definition.precision == Precision.FLOAT32) {
      return Optional.empty();
    }
    return Optional.of(
        frozen(
            parent, ImageWeights.read(parent, specs, ofProducts(), definition.precision, source)));
  }

  /** Returns the type of the products. */
  Precision precision() {
    return definition.precision;
  }

  /** Returns the parameters that are read in the type of the products. */
  List<ParameterSpec> ofProducts() {
    return inference.backbone.ofProducts();
  }

  private FrozenDenoiser frozen(NDManager parent, ImageWeights weights) {
    return frozen(parent, weights, ImageGraphs.CALLS_BEFORE);
  }

  /**
   * Returns the network with weights that never change.
   *
   * @param weights closed with it
   * @param callsBefore calls of a number of images before a GPU's graph of it is recorded
   */
  FrozenDenoiser frozen(NDManager parent, ImageWeights weights, int callsBefore) {
    convolutional.ifPresent(
        kernels -> weights.prepare(parent, kernels, inference.backbone.conditionProducts()));
    FrozenImageNetwork launches = new FrozenImageNetwork(this, weights);
    return RecordingStream.find(parent)
        .<FrozenDenoiser>map(stream -> new GraphImageNetwork(parent, launches, stream, callsBefore))
        .orElse(launches);
  }

  /** Returns what an image takes. */
  ImageGraphs.Sizes sizes() {
    return new ImageGraphs.Sizes(
        valuesOfImage(), (long) config.image().size() * definition.vocabularySize);
  }

  /** Returns the most values of a map of one image. */
  long valuesOfImage() {
    ImageShape image = config.image();
    int channels = Math.max(config.width(), config.widestMap());
    return (long) image.height() * image.width() * channels;
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    if (!recomputes().contains(options.recompute())) {
      throw new InvalidConfigException(
          "training.recompute", "layer is for transformers over text; take none");
    }
    UNetKernels.Options ofKernels = definition.kernelOptions(options.stream());
    return fused(parent, ofKernels, options.kernels())
        .map(kernels -> fused(parent, parameters, ofKernels, kernels))
        .orElseGet(
            () -> {
              ModeKernels training = ModeKernels.of(mode(parent, ofKernels), factory);
              return new RecordedNetwork(
                  parent,
                  parameters,
                  RecordedNetwork.Implementation.recorded(
                      options.recompute(),
                      forward(training, parameters),
                      training.condition::close));
            });
  }

  private Optional<FusedUNetKernels> fused(
      NDManager parent, UNetKernels.Options options, TrainingOptions.Kernels kernels) {
    return kernels.fused(
        () ->
            config.widestMap() > 0 && config.widestMap() <= FusedUNetKernels.WIDEST
                ? FusedUNetKernels.find(parent, options, config.dropout())
                : Optional.empty(),
        "an NVIDIA GPU from Ampere on, in bfloat16 with channels last, for a unet or a uvit whose"
            + " maps have at most %d channels".formatted(FusedUNetKernels.WIDEST));
  }

  /** Returns the network in training with a hand-written backward of its maps. */
  RecordedNetwork fused(
      NDManager parent,
      Parameters parameters,
      UNetKernels.Options options,
      FusedUNetKernels kernels) {
    ModeKernels training =
        ModeKernels.of(new KernelMode.Fused(mode(parent, options), kernels), factory);
    NDList ofCondition = new WeightList(embedding.specs()).in(parameters::get);
    RecordedNetwork.Implementation code =
        new RecordedNetwork.Implementation(
            (autograd, scope, host) ->
                kernels.begin(scope, host.noise().engineSeed(0), ofCondition, parameters.flat()),
            forward(training, parameters),
            "hand-written backward, CUDA kernels of our own",
            () -> {
              training.condition.close();
              kernels.close();
            });
    return new RecordedNetwork(parent, parameters, code);
  }

  private KernelMode.Training mode(NDManager parent, UNetKernels.Options options) {
    return new KernelMode.Training(parent, options, config.dropout());
  }

  private RecordedNetwork.Forward forward(ModeKernels training, Parameters parameters) {
    return (scope, batch, recording) -> recorded(training, parameters, batch);
  }

  @Override
  public Set<TrainingOptions.Recompute> recomputes() {
    return EnumSet.of(TrainingOptions.Recompute.NONE);
  }

  private NDArray recorded(ModeKernels training, Parameters parameters, DeviceBatch batch) {
    DropoutNoise noise = batch.noise();
    if (config.dropout() > 0) {
      manager.getEngine().setRandomSeed(noise.engineSeed(0));
    }
    Condition condition = withDroppedLabels(batch.condition(), noise);
    return logits(training, parameters, batch.zt(), condition, batch.rows());
  }

  private Condition withDroppedLabels(Condition condition, DropoutNoise noise) {
    OptionalInt nullLabel = config.nullLabel();
    if (nullLabel.isEmpty()) {
      return condition;
    }
    double rate = config.condition().labelDropout();
    return new Condition(
        condition.times(), noise.labels(condition.labels(), rate, nullLabel.getAsInt()));
  }

  private NDArray logits(
      ModeKernels kernels, Parameters parameters, NDArray zt, Condition condition, NDArray rows) {
    check(zt, condition, rows);
    try (NDManager scope = zt.getManager().newSubManager()) {
      NDList inputs = embedding.inputs(scope, kernels.condition, condition);
      NDArray logits = logits(kernels, scope, parameters::get, zt, inputs, rows);
      logits.attach(zt.getManager());
      return logits;
    }
  }

  /** Returns what the condition is computed from, on the device, in inference. */
  NDList inputs(NDManager scope, Condition condition) {
    return embedding.inputs(scope, inference.condition, condition);
  }

  /**
   * Returns the logits of checked inputs that are on the device, in inference.
   *
   * @param scope takes all arrays
   */
  NDArray logits(NDManager scope, ImageWeights weights, NDArray zt, NDList inputs, NDArray rows) {
    return inference.backbone.logits(context(scope, weights, inputs), zt, rows);
  }

  private Backbone.Context context(NDManager scope, ImageWeights weights, NDList inputs) {
    NDList vector = embedding.of(scope, inference.condition, weights::of, inputs);
    return new Backbone.Context(scope, weights::of, vector, weights.known(scope, vector));
  }

  /** Returns F, the numbers of an example that the host writes for a step. */
  int hostFeatures() {
    return embedding.hostFeatures();
  }

  /**
   * Returns what the host writes of the examples for a step, [B F].
   *
   * @throws IllegalArgumentException if the network has classes, and an example has no label
   */
  float[] hostFeatures(Condition condition) {
    checkLabels(condition, condition.times().length);
    return embedding.hostFeatures(condition);
  }

  /**
   * Returns what the condition is computed from, of features that {@link #hostFeatures} wrote.
   *
   * @param features on the device, float32 [B, F]
   */
  NDList inputs(NDManager scope, NDArray features) {
    return embedding.inputs(scope, inference.condition, features);
  }

  /**
   * Returns logits as {@link #logits(NDManager, ImageWeights, NDArray, NDList, NDArray)} does, in
   * the type of the products.
   */
  Hidden product(NDManager scope, ImageWeights weights, NDArray zt, NDList inputs, NDArray rows) {
    return inference.backbone.product(context(scope, weights, inputs), zt, rows);
  }

  int vocabularySize() {
    return definition.vocabularySize;
  }

  private NDArray logits(
      ModeKernels kernels,
      NDManager scope,
      Function<String, NDArray> weights,
      NDArray zt,
      NDList inputs,
      NDArray rows) {
    NDList vector = embedding.of(scope, kernels.condition, weights, inputs);
    return kernels.backbone.logits(new Backbone.Context(scope, weights, vector), zt, rows);
  }

  /** Returns a line that names the code that computes it in inference. */
  String description() {
    return convolutional.map(UNetKernels::description).orElse("TorchScript");
  }

  /** Checks the shapes of all inputs. */
  void check(NDArray zt, Condition condition, NDArray rows) {
    Shape shape = zt.getShape();
    if (shape.dimension() != 2 || shape.get(1) != config.image().size()) {
      throw new IllegalArgumentException(
          "zt must be [B, %d], images of %s: %s"
              .formatted(config.image().size(), config.image(), shape));
    }
    require(
        rows.getShape().dimension() == 1 && rows.size() > 0,
        "rows must be [R], R at least 1",
        rows.getShape());
    if (config.timeFeatures() == TimeFeatures.T) {
      checkCount("time", condition.times().length, shape.get(0));
    }
    checkLabels(condition, shape.get(0));
  }

  private void checkLabels(Condition condition, long examples) {
    if (config.classes() > 0) {
      checkCount("label", condition.labels().length, examples);
    }
  }

  private static void checkCount(String what, int given, long expected) {
    if (given != expected) {
      throw new IllegalArgumentException(
          "there must be a %s for each of %d examples: %d".formatted(what, expected, given));
    }
  }

  @Override
  public void close() {
    convolutional.ifPresent(UNetKernels::close);
    manager.close();
  }
}
