// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.ddit;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.BlockDecoder;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.graph.FrozenCalls;
import io.github.md4.core.internal.graph.GraphCalls;
import io.github.md4.core.internal.graph.GraphSteps;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.internal.transformer.DditKernels;
import io.github.md4.core.internal.transformer.StepKernels;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.GraphDraws;
import io.github.md4.core.network.LoadedWeights;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSource;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RecordedNetwork;
import io.github.md4.core.network.RotaryAngles;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import java.io.IOException;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.function.IntFunction;

/** A network of the DDiT kind over V tokens and the mask. Safe for several threads. */
final class DditNetwork implements Network {
  private static final double EPSILON = 1e-5;
  private static final double ROTARY_BASE = 10_000;

  private final DditConfig config;
  private final int vocabularySize;
  private final List<ParameterSpec> specs;
  private final Precision precision;
  private final NDManager manager;
  private final DditKernels.Options options;
  private final DditKernels inference;
  private final DditKernels training;
  private final RotaryAngles angles;
  private final Map<Integer, NDList> tables = new ConcurrentHashMap<>();

  /**
   * @param vocabularySize V; the mask is one more
   */
  DditNetwork(NDManager parent, DditConfig config, int vocabularySize, Precision precision) {
    this.config = config;
    this.vocabularySize = vocabularySize;
    this.specs = DditSpecs.of(config, vocabularySize);
    this.precision = precision;
    this.manager = parent.newSubManager();
    this.angles = new RotaryAngles(ROTARY_BASE, config.headWidth());
    this.options =
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
    return new Weighted(inference, parameters::get);
  }

  @Override
  public FrozenDenoiser frozen(NDManager parent, Parameters parameters) {
    return new Frozen(parent, inference, parameters::get, () -> {});
  }

  /** The network with weights. */
  private class Weighted implements Denoiser {
    final DditKernels kernels;
    private final Function<String, NDArray> weights;

    Weighted(DditKernels kernels, Function<String, NDArray> weights) {
      this.kernels = kernels;
      this.weights = weights;
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      return FrozenCalls.launched(tokens(kernels, weights), zt, rows, inputs(zt, condition));
    }

    @Override
    public Optional<BlockDecoder> blockDecoder(NDManager parent) {
      return config.blockSize() > 0
          ? Optional.of(memory(parent, kernels, weights))
          : Optional.empty();
    }

    /** RADD's samplers read the mask's logit beside the tokens'. */
    @Override
    public Denoiser withMaskColumn() {
      return config.isAdaptive()
          ? this
          : (zt, condition, rows) ->
              FrozenCalls.launched(withMask(kernels, weights), zt, rows, inputs(zt, condition));
    }
  }

  /** Returns the pass to the logits of tokens. */
  private GraphCalls.Pass tokens(DditKernels kernels, Function<String, NDArray> weights) {
    return (scope, zt, inputs, rows) ->
        pass(weights, places(zt), kernels, new Recording.None()).logits(scope, zt, inputs, rows);
  }

  /** Returns the pass to the logits of tokens and the mask. */
  private GraphCalls.Pass withMask(DditKernels kernels, Function<String, NDArray> weights) {
    return (scope, zt, inputs, rows) ->
        pass(weights, places(zt), kernels, new Recording.None()).raw(scope, zt, inputs, rows);
  }

  private Function<NDManager, NDList> inputs(NDArray zt, Condition condition) {
    int examples = Math.toIntExact(zt.getShape().get(0));
    return scope ->
        DditPass.inputs(scope, config, examples, NoiseFeatures.sigmas(condition.times()));
  }

  /** Returns the places of sequences at the positions from 0 on. */
  private NDList places(NDArray zt) {
    return places(Math.toIntExact(zt.getShape().get(1)));
  }

  private NDList places(int length) {
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
    return memory(parent, inference, weights);
  }

  private BlockMemory memory(
      NDManager parent, DditKernels kernels, Function<String, NDArray> weights) {
    return new BlockMemory(parent, config, kernels, weights, angles);
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
    LoadedWeights weights = LoadedWeights.read(parent, specs, precision, source);
    return Optional.of(
        weights.frozen(
            () -> DditKernels.forFrozenWeights(manager, options, weights.padded("head.weight")),
            DditKernels::close,
            (kernels, freeing) -> new Frozen(parent, kernels, weights::of, freeing)));
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions trained) {
    return RecordedNetwork.unfused(
        "ddit",
        parent,
        parameters,
        trained,
        (scope, batch, recording) ->
            pass(parameters::get, places(batch.zt()), training, recording)
                .logits(
                    batch.zt().getManager(),
                    batch.zt(),
                    inputs(batch.zt(), batch.condition()).apply(scope),
                    batch.rows()));
  }

  @Override
  public void close() {
    manager.close();
  }

  /** The network with weights that never change, possibly in the type of its products. */
  private final class Frozen extends Weighted implements FrozenDenoiser, StepDraws {
    private final Runnable freeing;
    private final FrozenCalls tokens;
    private final FrozenCalls withMask;
    private final Optional<RecordingStream> ofSteps;
    private final GraphDraws draws;

    /**
     * @param freeing frees kernels and weights
     */
    Frozen(
        NDManager parent,
        DditKernels kernels,
        Function<String, NDArray> weights,
        Runnable freeing) {
      super(kernels, weights);
      this.freeing = freeing;
      int calls = GraphCalls.CALLS_BEFORE;
      this.tokens = FrozenCalls.of(parent, tokens(kernels, weights), vocabularySize, calls);
      this.withMask = FrozenCalls.of(parent, withMask(kernels, weights), vocabularySize + 1, calls);
      Optional<DditSteps> steps = steps(parent, kernels, weights);
      this.ofSteps = steps.flatMap(own -> RecordingStream.find(parent));
      this.draws =
          new GraphDraws(
              ofSteps.map(stream -> new GraphSteps(parent, steps.orElseThrow(), stream, calls)),
              condition -> DditSteps.hostFeatures(config, condition),
              this);
      if (ofSteps.isEmpty()) {
        steps.ifPresent(DditSteps::close);
      }
    }

    /** Returns the network's steps; empty where kernels have no head for them. */
    private Optional<DditSteps> steps(
        NDManager parent, DditKernels kernels, Function<String, NDArray> weights) {
      if (config.blockSize() > 0) {
        return Optional.empty(); // what is added to queries and keys is a launch after another
      }
      IntFunction<DditPass> passOf =
          length -> pass(weights, places(length), kernels, new Recording.None());
      return kernels
          .paddedHead()
          .flatMap(
              head ->
                  StepKernels.find(parent)
                      .map(own -> new DditSteps(config, vocabularySize, passOf, head, own)));
    }

    @Override
    public synchronized NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      draws.endGo();
      return tokens.logits(zt, rows, inputs(zt, condition));
    }

    @Override
    public Iterator<double[]> drawAhead(int[] zt, Iterator<Step> ahead, Inversion inversion) {
      return draws.drawAhead(zt, ahead, inversion);
    }

    @Override
    public Optional<StepDraws> with(Guided guided) {
      return draws.with(guided);
    }

    @Override
    public Denoiser withMaskColumn() {
      return config.isAdaptive()
          ? this
          : (zt, condition, rows) -> {
            synchronized (this) {
              draws.endGo();
              return withMask.logits(zt, rows, inputs(zt, condition));
            }
          };
    }

    @Override
    public String description() {
      return kernels.description() + tokens.description();
    }

    @Override
    public synchronized void close() {
      draws.close();
      ofSteps.ifPresent(RecordingStream::close);
      withMask.close();
      tokens.close();
      freeing.run();
    }
  }
}
