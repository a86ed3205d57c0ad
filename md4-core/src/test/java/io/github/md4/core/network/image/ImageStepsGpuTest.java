// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.Guided;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.torch.Confidence;
import io.github.md4.core.internal.torch.Inversion;
import io.github.md4.core.internal.torch.InvertedRows;
import io.github.md4.core.network.FrozenDenoiser;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RandomParameters;
import io.github.md4.core.network.StepDraws;
import io.github.md4.core.network.StepDraws.Step;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Whole steps of image networks as graphs, against logits of launches one by one. */
@Tag("gpu")
final class ImageStepsGpuTest {
  private static final int VOCABULARY = 16;
  private static final double FACTOR = 1.5;
  private static final Inversion BY_MARGIN = Inversion.of(Confidence.MARGIN);

  @BeforeEach
  void needsAHopperGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: steps of images in one launch are not tested");
  }

  static List<ImageConfig> networks() {
    return ImageNetworks.ALL;
  }

  static List<ImageConfig> networksOfClasses() {
    return List.of(ImageNetworks.UNET_CLASSES, ImageNetworks.UVIT_TIME_CLASSES);
  }

  /** Each step begins with the draws of the one before; steps of other rows are a graph's, too. */
  @ParameterizedTest
  @MethodSource("networks")
  void severalSteps_areThoseOfTheLogitsOneByOne(ImageConfig config) {
    try (Networks made = new Networks(config)) {
      for (int images : new int[] {1, 3, 2}) {
        for (int count : new int[] {3, 11, 1}) {
          Inputs inputs = Inputs.random(config, images, config.image().size(), VOCABULARY);
          made.check((StepDraws) made.graphs, made.launches, inputs, steps(inputs, count));
        }
      }
    }
  }

  /** With guidance by the class the network is shown each image twice. */
  @ParameterizedTest
  @MethodSource("networksOfClasses")
  void guidedSteps_areThoseOfTheMixedLogits(ImageConfig config) {
    try (Networks made = new Networks(config)) {
      Inputs inputs = Inputs.random(config, 3, config.image().size(), VOCABULARY);
      StepDraws guided = StepDraws.of(new ByClass(made.graphs)).orElseThrow();
      made.check(guided, new ByClass(made.launches), inputs, steps(inputs, 11));
    }
  }

  /** A call of the network ends a go; what runs can still be read. */
  @ParameterizedTest
  @MethodSource("networksOfClasses")
  void aGo_isEndedByOtherCalls(ImageConfig config) {
    try (Networks made = new Networks(config)) {
      Inputs inputs = Inputs.random(config, 2, config.image().size(), VOCABULARY);
      StepDraws graphs = (StepDraws) made.graphs;
      List<Step> steps = steps(inputs, 30);
      List<double[]> expected = new ArrayList<>();
      graphs.drawAhead(flat(inputs), steps.iterator(), BY_MARGIN).forEachRemaining(expected::add);
      Iterator<double[]> ended = graphs.drawAhead(flat(inputs), steps.iterator(), BY_MARGIN);
      List<double[]> drawn = new ArrayList<>(List.of(ended.next(), ended.next()));
      float[] unused = made.logits(made.graphs, flat(inputs), steps.get(0));
      ended.forEachRemaining(drawn::add);
      assertThat(drawn).hasSize(10);
      for (int k = 0; k < drawn.size(); k++) {
        assertThat(drawn.get(k)).as("step %d", k).isEqualTo(expected.get(k));
      }
    }
  }

  /** Guidance by the class: without it, the network is told the first one. */
  private record ByClass(Denoiser network) implements Guided {
    @Override
    public double factor() {
      return FACTOR;
    }

    @Override
    public Condition conditionWithout(Condition condition) {
      return new Condition(condition.times(), new int[condition.labels().length]);
    }

    @Override
    public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
      NDArray with = network.logits(zt, condition, rows);
      NDArray without = network.logits(zt, conditionWithout(condition), rows);
      return without.add(with.sub(without).mul((float) FACTOR));
    }
  }

  /** Returns steps of some rows each, of which few are twice as many as others. */
  private static List<Step> steps(Inputs inputs, int count) {
    int positions = inputs.zt().length * inputs.zt()[0].length;
    return IntStream.range(0, count)
        .mapToObj(
            k -> {
              int[] rows =
                  IntStream.range(0, positions).filter(i -> (i + k) % (2 + k % 3) == 0).toArray();
              double[] u = new Noise(k).uniforms(Purpose.SAMPLE, 0, 0, rows.length);
              double[] times = Arrays.stream(inputs.times()).map(t -> (t + 0.13 * k) % 1).toArray();
              return new Step(new Condition(times, inputs.labels()), rows, u);
            })
        .toList();
  }

  private static int[] flat(Inputs inputs) {
    return Arrays.stream(inputs.zt()).flatMapToInt(Arrays::stream).toArray();
  }

  /** A network in bfloat16 as launches and as graphs, which are recorded at once. */
  private static final class Networks implements AutoCloseable {
    final NDManager manager = NDManager.newBaseManager(Device.gpu());
    final PixelNetwork network;
    final Parameters parameters;
    final FrozenDenoiser launches;
    final FrozenDenoiser graphs;

    Networks(ImageConfig config) {
      this.network = (PixelNetwork) config.network(manager, VOCABULARY, Precision.BFLOAT16);
      this.parameters = RandomParameters.of(manager, network, 31);
      this.launches = new FrozenImageNetwork(network, weights());
      this.graphs = network.frozen(manager, weights(), 0);
    }

    private ImageWeights weights() {
      return ImageWeights.of(manager, parameters, network.ofProducts(), Precision.BFLOAT16);
    }

    void check(StepDraws graphs, Denoiser denoiser, Inputs inputs, List<Step> steps) {
      List<double[]> drawn = new ArrayList<>();
      int[] zt = flat(inputs);
      int[] start = zt.clone();
      while (drawn.size() < steps.size()) { // a go ends where another graph is wanted
        int before = drawn.size();
        graphs
            .drawAhead(start.clone(), steps.subList(before, steps.size()).iterator(), BY_MARGIN)
            .forEachRemaining(drawn::add);
        assertThat(drawn).hasSizeGreaterThan(before);
        for (int k = before; k < drawn.size(); k++) {
          put(start, steps.get(k), drawn.get(k));
        }
      }
      int same = 0;
      int all = 0;
      for (int k = 0; k < drawn.size(); k++) {
        Step step = steps.get(k);
        float[] logits = logits(denoiser, zt, step);
        double[] expected = new InvertedRows(logits, VOCABULARY, BY_MARGIN).drawn(step.rows().u());
        double[] found = drawn.get(k);
        assertThat(found).hasSameSizeAs(expected);
        int rows = expected.length / 3;
        for (int r = 0; r < rows; r++) {
          all++;
          if (found[r] == expected[r]) {
            same++;
            // Convolutions of other numbers of images may be rounded elsewhere, by 2^-9.
            assertThat(found[rows + r]).isCloseTo(expected[rows + r], within(0.05));
          }
        }
        put(zt, step, found);
      }
      // What is on the other side of a bound by rounding is another token.
      assertThat(same).as("%d tokens", all).isGreaterThanOrEqualTo((int) (0.97 * all));
    }

    float[] logits(Denoiser denoiser, int[] zt, Step step) {
      try (NDManager scope = manager.newSubManager()) {
        int images = step.condition().times().length;
        int[][] each = new int[images][];
        int length = zt.length / images;
        Arrays.setAll(each, b -> Arrays.copyOfRange(zt, b * length, (b + 1) * length));
        NDArray tokens =
            new Inputs(each, step.condition().times(), step.condition().labels()).zt(scope);
        long[] rows = Arrays.stream(step.rows().positions()).asLongStream().toArray();
        return denoiser.logits(tokens, step.condition(), scope.create(rows)).toFloatArray();
      }
    }

    private static void put(int[] zt, Step step, double[] drawn) {
      int[] rows = step.rows().positions();
      for (int r = 0; r < rows.length; r++) {
        zt[rows[r]] = (int) drawn[r];
      }
    }

    @Override
    public void close() {
      graphs.close();
      launches.close();
      parameters.close();
      network.close();
      manager.close();
    }
  }
}
