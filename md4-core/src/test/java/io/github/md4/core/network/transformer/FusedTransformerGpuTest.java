// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.torch.FlatArrays;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import io.github.md4.core.network.DropoutNoise;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.NetworkInput;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingOptions.Kernels;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.TrainingPass;
import io.github.md4.core.network.transformer.TransformerConfig.Conditioning;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import io.github.md4.core.noise.Noise;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** Our CUDA kernels against the automatic differentiation in float32 on the same GPU. */
@Tag("gpu")
final class FusedTransformerGpuTest {
  private static final int LAYERS = 3;
  private static final int BATCH = 5;
  private static final int LENGTH = 37;
  private static final DropoutNoise NOISE = new DropoutNoise(new Noise(43), 3, 0);

  /** As in {@link PrecisionTest}: bfloat16 rounds by 2^-9, some dozen times a layer each way. */
  static final double ROUNDING = 8 * 0x1p-9 * Math.sqrt(LAYERS);

  /** A stream in bfloat16 and its gradient are rounded at each of two additions a layer more. */
  static final double NARROW_ROUNDING = 1.5 * ROUNDING;

  /** What several tests ask for is computed once. */
  private static final Map<Way, Map<String, float[]>> GRADIENTS = new ConcurrentHashMap<>();

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  record Case(TransformerConfig config, int vocabularySize, int everyNthRow) {}

  /** A way to a case's gradients. */
  private record Way(Case of, Precision precision, TrainingOptions options) {
    static Way exact(Case of) {
      return new Way(of, Precision.FLOAT32, FusedTransformerGpuTest.options(Kernels.TORCHSCRIPT));
    }

    static Way ours(Case of, TrainingOptions options) {
      return new Way(of, Precision.BFLOAT16, options);
    }
  }

  static List<Case> cases() {
    return List.of(
        new Case(network(8, 3, 3, Embedding.OUTSIDE, Activation.GLU), 27, 2),
        new Case(network(64, 4, 4, Embedding.INSIDE, Activation.SWIGLU), 1003, 3),
        new Case(network(32, 12, 12, Embedding.INSIDE, Activation.GEGLU), 2017, 1),
        new Case(network(64, 12, 12, Embedding.OUTSIDE, Activation.GLU), 27, 2),
        new Case(network(64, 4, 2, Embedding.OUTSIDE, Activation.GLU), 27, 2),
        new Case(network(128, 4, 2, Embedding.INSIDE, Activation.SWIGLU), 67, 3),
        new Case(wide(13), 27, 2), // two warps a row
        new Case(wide(17), 27, 2), // four
        new Case(withClasses(), 67, 2),
        new Case(causal(), 67, 2),
        new Case(
            Networks.withDropout(network(64, 4, 4, Embedding.OUTSIDE, Activation.GLU), 0.3, 0),
            27,
            2));
  }

  static TransformerConfig network(
      int headWidth, int heads, int keyValueHeads, Embedding embedding, Activation activation) {
    return TransformerConfig.defaults()
        .withHeads(heads, headWidth)
        .withKeyValueHeads(keyValueHeads)
        .withLayers(LAYERS)
        .withEmbedding(embedding)
        .withActivation(activation);
  }

  private static TransformerConfig wide(int heads) {
    return network(64, heads, heads, Embedding.INSIDE, Activation.GLU).withLayers(1);
  }

  private static TransformerConfig withClasses() {
    return TransformerConfig.defaults()
        .withHeads(5, 16)
        .withLayers(LAYERS)
        .withEmbedding(Embedding.INSIDE)
        .withCondition(TimeFeatures.T, 3)
        .withConditioning(Conditioning.ADALN);
  }

  private static TransformerConfig causal() {
    return TransformerConfig.defaults()
        .withHeads(4, 32)
        .withLayers(LAYERS)
        .withCondition(TimeFeatures.NONE, 3)
        .withConditioning(Conditioning.ADALN)
        .withCausal(true);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradients_areThoseOfFloat32UpToRounding(Case each) {
    check(each, options(Kernels.FUSED), ROUNDING);
  }

  @ParameterizedTest
  @MethodSource("cases")
  void gradientsWithANarrowStream_areThoseOfFloat32UpToRounding(Case each) {
    TrainingOptions narrow = new TrainingOptions(Kernels.FUSED, Precision.BFLOAT16, Recompute.NONE);
    check(each, narrow, NARROW_ROUNDING);
  }

  /** And one where the engine draws: the same masks for the same seed, forward and again. */
  /** What is computed twice differs by embedding, condition, walls and dropout, not by widths. */
  static Stream<Case> recomputed() {
    TransformerConfig dropping =
        Networks.withDropout(network(64, 4, 4, Embedding.INSIDE, Activation.GLU), 0.3, 0.2);
    Stream<Case> some = IntStream.of(1, 3, 5, 8, 9, 10).mapToObj(i -> cases().get(i));
    return Stream.concat(some, Stream.of(new Case(dropping, 27, 2)));
  }

  @ParameterizedTest
  @MethodSource("recomputed")
  void gradientsWithRecomputation_areTheSame(Case each) {
    Map<String, float[]> kept = gradients(Way.ours(each, options(Kernels.FUSED)));
    TrainingOptions again = new TrainingOptions(Kernels.FUSED, Precision.FLOAT32, Recompute.LAYER);
    Map<String, float[]> twice = gradients(Way.ours(each, again));
    // Only sums that many blocks add to have no order of their own.
    kept.forEach(
        (name, gradient) ->
            assertThat(distance(twice.get(name), gradient)).as(name).isLessThan(2e-3));
  }

  private static void check(Case each, TrainingOptions options, double bound) {
    assertClose(gradients(Way.ours(each, options)), gradients(Way.exact(each)), bound);
  }

  /** Asserts that the gradients of each parameter are the expected ones up to a relative error. */
  static void assertClose(Map<String, float[]> ours, Map<String, float[]> exact, double bound) {
    StringBuilder found = new StringBuilder();
    exact.forEach(
        (name, gradient) ->
            found.append("%s %.4f; ".formatted(name, distance(ours.get(name), gradient))));
    exact.forEach(
        (name, gradient) ->
            assertThat(distance(ours.get(name), gradient))
                .as("%s of %s", name, found)
                .isLessThan(bound));
  }

  static TrainingOptions options(Kernels kernels) {
    return new TrainingOptions(kernels, Precision.FLOAT32, Recompute.NONE);
  }

  private static Map<String, float[]> gradients(Way way) {
    return GRADIENTS.computeIfAbsent(way, FusedTransformerGpuTest::computed);
  }

  private static Map<String, float[]> computed(Way way) {
    Case each = way.of;
    Inputs inputs = Inputs.random(each.config, BATCH, LENGTH, each.vocabularySize);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      return gradients(
          manager,
          each,
          inputs,
          way.precision,
          (network, parameters) -> network.trainable(manager, parameters, way.options));
    }
  }

  /** Makes a network one for training. */
  interface Trainable {
    TrainableNetwork of(Network network, Parameters parameters);
  }

  /** Returns the gradients of an objective at every n-th row, by the parameters' names. */
  static Map<String, float[]> gradients(
      NDManager manager, Case each, Inputs inputs, Precision precision, Trainable maker) {
    int positions = inputs.zt().length * inputs.zt()[0].length;
    int[] rows = IntStream.range(0, positions).filter(row -> row % each.everyNthRow == 0).toArray();
    NetworkInput input = new NetworkInput(inputs.zt(), inputs.condition(), rows);
    try (Network network = new Transformer(manager, each.config, each.vocabularySize, precision);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        TrainableNetwork trainable = maker.of(network, parameters);
        FusedCheck check = new FusedCheck(manager)) {
      try (TrainingPass pass = trainable.forward(manager, input, NOISE)) {
        check.loss(pass, rows.length, each.vocabularySize);
        pass.backward();
      }
      List<float[]> values = check.values(trainable.gradients());
      Map<String, float[]> byName = new LinkedHashMap<>();
      for (int i = 0; i < values.size(); i++) {
        byName.put(network.specs().get(i).name(), values.get(i));
      }
      return byName;
    }
  }

  /** An objective, and gradients of either type as float32. */
  private static final class FusedCheck implements AutoCloseable {
    private final NDManager manager;
    private final OptimizerKernels kernels;

    FusedCheck(NDManager manager) {
      this.manager = manager;
      this.kernels = new OptimizerKernels(manager);
    }

    void loss(TrainingPass pass, int rows, int vocabularySize) {
      int[] targets = IntStream.range(0, rows).map(r -> (r * 7 + 3) % vocabularySize).toArray();
      float[] weights = new float[rows];
      for (int r = 0; r < rows; r++) {
        weights[r] = 0.1f + 0.01f * r;
      }
      try (NDArray loss = pass.logits().crossEntropy(manager, targets, weights)) {
        assertThat(loss.getFloat()).isPositive();
      }
    }

    List<float[]> values(FlatArrays gradients) {
      List<float[]> values = new ArrayList<>();
      try (FlatArrays exact = gradients.zeros(Precision.FLOAT32)) {
        kernels.copy(exact, gradients);
        for (int i = 0; i < exact.size(); i++) {
          values.add(exact.array(i).toFloatArray());
        }
      }
      return values;
    }

    @Override
    public void close() {
      kernels.close();
    }
  }

  /** One pass moves what the plain operations move. */
  @Test
  void update_isThatOfThePlainKernels() {
    Case each = cases().get(4);
    float[] plain = updated(each, Kernels.TORCHSCRIPT, 1, 1);
    float[] ours = updated(each, Kernels.FUSED, 1, 1);
    int[] apart =
        IntStream.range(0, plain.length)
            .filter(i -> !(Math.abs(ours[i] - plain[i]) <= 1e-6f + 1e-6f * Math.abs(plain[i])))
            .toArray();
    assertThat(apart).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(
      value = Kernels.class,
      names = {"TORCHSCRIPT", "FUSED"})
  void update_thatIsNoGoodIsNone(Kernels kernels) {
    Case each = cases().get(4);
    assertThat(updated(each, kernels, 1, 0, 1)).isNotEqualTo(updated(each, kernels, 1));
    assertThat(updated(each, kernels, 1, 1, 0)).isEqualTo(updated(each, kernels, 1, 1));
  }

  /** Parameters and average after updates by gradients that do not come from the network. */
  private static float[] updated(Case each, Kernels kernels, float... isGood) {
    Precision precision = kernels == Kernels.FUSED ? Precision.BFLOAT16 : Precision.FLOAT32;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        Network network = new Transformer(manager, each.config, each.vocabularySize, precision);
        Parameters parameters = RandomParameters.of(manager, network, 31);
        Parameters average = parameters.copy();
        Parameters first = parameters.zeros();
        Parameters second = parameters.zeros();
        Parameters gradient = RandomParameters.of(manager, network, 32);
        TrainableNetwork trainable = network.trainable(manager, parameters, options(kernels))) {
      Trained trained = new Trained(parameters.flat(), first.flat(), second.flat(), average.flat());
      for (int k = 1; k <= isGood.length; k++) {
        NDArray good = manager.create(new float[] {isGood[k - 1], 2, 3});
        OptimizerKernels.Numbers numbers =
            new OptimizerKernels.Numbers(
                1e-2,
                0.9,
                0.99,
                1e-8,
                0.03,
                1 - Math.pow(0.9, k),
                1 - Math.pow(0.99, k),
                0.9,
                Optional.of(good));
        trainable.optimizer().update(trained, gradient.flat(), numbers);
      }
      List<NDArray> moved = new ArrayList<>(parameters.list());
      moved.addAll(average.list());
      long size = moved.stream().mapToLong(NDArray::size).sum();
      FloatBuffer flat = FloatBuffer.allocate(Math.toIntExact(size));
      moved.forEach(array -> flat.put(array.toFloatArray()));
      return flat.array();
    }
  }

  /** Returns the root of the mean squared difference over that of the expected. */
  static double distance(float[] actual, float[] expected) {
    double difference = 0;
    double square = 0;
    for (int i = 0; i < expected.length; i++) {
      difference += ((double) actual[i] - expected[i]) * ((double) actual[i] - expected[i]);
      square += (double) expected[i] * expected[i];
    }
    return Math.sqrt(difference / square);
  }
}
