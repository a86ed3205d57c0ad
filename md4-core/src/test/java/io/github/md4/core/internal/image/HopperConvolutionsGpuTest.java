// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.MemoryFormat;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.image.FilterPacks.Pack;
import io.github.md4.core.internal.image.HopperConvolutions.Base;
import io.github.md4.core.internal.image.HopperConvolutions.Norm;
import io.github.md4.core.internal.image.PlainConvolutions.Values;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our own convolutions against plain loops in double over the same rounded numbers. */
@Tag("gpu")
final class HopperConvolutionsGpuTest {
  private static final String CASTS =
      """
      def map(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.permute(x, [0, 3, 1, 2])
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.permute(x, [0, 2, 3, 1]).to(6).contiguous()
      """;

  private static final int REPEATS = 20;

  /** Of the largest result: activations, results and the map between are rounded to bfloat16. */
  private static final double ROUNDING = 0x1p-7;

  private NDManager manager;
  private TorchScript casts;

  @BeforeEach
  void needsAHopperGpu() {
    assumeTrue(
        Engine.getInstance().getGpuCount() > 0 && new CudaDevice(0).isHopper(),
        "no Hopper GPU: convolutions of our own are not tested");
  }

  /**
   * Tiles that are whole and not; one map and two, of one number of channels and of two; results
   * that have other channels; a sum of 2, 4 and 8 blocks; few images and many.
   */
  @ParameterizedTest
  @CsvSource({
    "1, 8, 8, 128, 0, 128",
    "1, 16, 24, 64, 0, 64",
    "10, 8, 8, 128, 0, 128",
    "30, 8, 8, 128, 0, 64",
    "66, 8, 8, 64, 64, 128",
    "2, 28, 28, 64, 0, 64",
    "3, 9, 13, 64, 64, 64",
    "1, 5, 3, 128, 128, 128",
    "2, 10, 17, 128, 0, 64",
    "1, 10, 17, 64, 0, 128",
    "40, 4, 4, 128, 128, 128",
    "140, 5, 9, 64, 0, 64",
    "70, 9, 8, 128, 0, 128",
    "34, 20, 10, 128, 128, 128",
    "70, 9, 8, 64, 64, 64",
    "70, 10, 9, 128, 0, 64",
    "1, 200, 60, 64, 0, 64",
    "20, 16, 24, 128, 128, 128",
    "70, 10, 17, 128, 0, 128",
    "140, 4, 4, 64, 0, 128",
  })
  void aBlock_isThatOfPlainLoops(
      int images, int height, int width, int first, int beside, int out) {
    try (NDManager scope = NDManager.newBaseManager(Device.gpu());
        HopperConvolutions ours = convolutions(scope)) {
      begin(scope);
      Random random = new Random(first + 31L * height);
      Shape size = new Shape(images, height, width);
      List<Values> x = new ArrayList<>(List.of(map(random, size, first)));
      if (beside > 0) {
        x.add(map(random, size, beside));
      }
      List<NDArray> maps = x.stream().map(each -> ours.measured(scope, each.array())).toList();
      assertThat(HopperConvolutions.takes(maps)).isTrue();
      int columns = ours.columns(maps.get(0), out);
      int in = first + beside;
      Values filters = filters(random, out, in);
      Values last = filters(random, out, out);
      Values bias = vector(random, images * out, out);
      Values lastBias = vector(random, out, out);
      List<Values> norm = norm(random, in);
      List<Values> inside = norm(random, out);
      boolean isProjected = in != out;
      Values weights = values(random, new Shape(out, in), in, 1 / Math.sqrt(in), false);
      Values ofProjection = vector(random, out, out);
      try (FilterPacks packs = ours.packs(scope)) {
        NDArray perImage = bias.array().reshape(images, out);
        NDArray h =
            ours.map(
                scope,
                maps,
                norms(norm),
                packs.of(columns, filters.array()).filters(),
                perImage,
                Base.NOTHING,
                out);
        float[] middle = numbers(h);
        double[] expected = PlainConvolutions.convolved(x, size, norm, filters, bias, images);
        assertClose("first half", middle, expected);

        List<NDArray> projection =
            isProjected ? List.of(weights.array(), ofProjection.array()) : List.of();
        Pack pack = packs.of(columns, last.array(), lastBias.array(), projection);
        Base base = new Base(maps, pack.projection());
        NDArray y =
            ours.map(
                scope, List.of(h), norms(inside), pack.filters(), pack.bias().get(0), base, out);
        double[] sum =
            PlainConvolutions.convolved(
                List.of(new Values(h, middle, out)), size, inside, last, lastBias, 1);
        if (isProjected) {
          PlainConvolutions.addProjected(sum, x, weights, ofProjection);
        } else {
          PlainConvolutions.addMaps(sum, x);
        }
        assertClose("block", numbers(y), sum);

        // What follows a map in memory is what the next norm reads of it.
        NDArray next =
            ours.logits(
                scope,
                List.of(y),
                norms(inside),
                packs.of(columns, last.array(), lastBias.array(), projection).filters(),
                lastBias.array(),
                out);
        Values made = new Values(y, numbers(y), out);
        assertClose(
            "next",
            numbers(next),
            PlainConvolutions.convolved(List.of(made), size, inside, last, lastBias, 1));
        for (int repeat = 0; repeat < REPEATS; repeat++) {
          NDArray again =
              ours.map(
                  scope, List.of(h), norms(inside), pack.filters(), pack.bias().get(0), base, out);
          assertThat(numbers(again)).isEqualTo(made.host());
        }
      }
    }
  }

  /** Heads of many columns, and of some that fill no tile; few images and many. */
  @ParameterizedTest
  @CsvSource({"1, 768", "12, 768", "1, 40", "140, 40", "140, 16", "3, 328", "23, 768"})
  void logits_areThoseOfPlainLoops(int images, int columns) {
    try (NDManager scope = NDManager.newBaseManager(Device.gpu());
        HopperConvolutions ours = convolutions(scope);
        FilterPacks packs = ours.packs(scope)) {
      begin(scope);
      Random random = new Random(columns);
      Shape size = new Shape(images, 9, 5);
      Values x = map(random, size, 64);
      NDArray measured = ours.measured(scope, x.array());
      Values filters = filters(random, columns, 64);
      Values bias = vector(random, columns, columns);
      List<Values> norm = norm(random, 64);
      Pack pack =
          packs.of(ours.columns(measured, columns), filters.array(), bias.array(), List.of());
      NDArray logits =
          ours.logits(
              scope, List.of(measured), norms(norm), pack.filters(), pack.bias().get(0), columns);
      double[] expected = PlainConvolutions.convolved(List.of(x), size, norm, filters, bias, 1);
      assertClose("logits", numbers(logits), expected);
    }
  }

  @ParameterizedTest
  @CsvSource({"1, 32, 32, 128", "3, 9, 5, 64", "70, 8, 8, 64", "2, 28, 28, 128"})
  void normalised_isThatOfPlainLoops(int images, int height, int width, int channels) {
    try (NDManager scope = NDManager.newBaseManager(Device.gpu());
        HopperConvolutions ours = convolutions(scope)) {
      begin(scope);
      Random random = new Random(height + channels);
      Shape size = new Shape(images, height, width);
      Values x = map(random, size, channels);
      List<Values> norm = norm(random, channels);
      NDArray found = ours.normalised(scope, ours.measured(scope, x.array()), norms(norm));
      assertClose("norm", numbers(found), PlainConvolutions.normalised(x, size, norm));
    }
  }

  /** A number that is none reaches all of its image, by the moments, and no other image. */
  @Test
  void nan_reachesItsImage() {
    try (NDManager scope = NDManager.newBaseManager(Device.gpu());
        HopperConvolutions ours = convolutions(scope);
        FilterPacks packs = ours.packs(scope)) {
      begin(scope);
      Random random = new Random(5);
      Shape size = new Shape(2, 9, 8);
      Values x = map(random, size, 64);
      x.host()[3 * 64 + 7] = Float.NaN;
      NDArray map = ours.measured(scope, uploaded(x.host(), size, 64));
      Values filters = filters(random, 64, 64);
      NDArray bias = vector(random, 64, 64).array();
      Norm norm = norms(norm(random, 64));
      float[] found =
          numbers(
              ours.map(
                  scope,
                  List.of(map),
                  norm,
                  packs.of(ours.columns(map, 64), filters.array()).filters(),
                  bias,
                  Base.NOTHING,
                  64));
      int half = found.length / 2;
      for (int i = 0; i < half; i++) {
        assertThat(found[half + i]).isFinite();
      }
      assertThat(found[3 * 64]).isNaN();
    }
  }

  /** Maps with too many channels, or a channel a group, are not taken. */
  @Test
  void someMaps_areNotTaken() {
    assertThat(HopperConvolutions.takes(64)).isTrue();
    assertThat(HopperConvolutions.takes(32)).isFalse();
    assertThat(HopperConvolutions.takes(256)).isFalse();
  }

  private void begin(NDManager scope) {
    this.manager = scope;
    this.casts = TorchScript.load(scope, Map.of(), CASTS);
  }

  private static HopperConvolutions convolutions(NDManager scope) {
    UNetKernels.Options options =
        new UNetKernels.Options(
            Precision.BFLOAT16, Precision.BFLOAT16, MemoryFormat.CHANNELS_LAST, 1, 1, 1);
    return HopperConvolutions.find(scope, options).orElseThrow();
  }

  /** Returns a map whose channels differ in mean and deviation. */
  private Values map(Random random, Shape size, int channels) {
    float[] host = new float[(int) size.size() * channels];
    double[] means = random.doubles(channels, -2, 2).toArray();
    double[] deviations = random.doubles(channels, 0.3, 2).toArray();
    for (int i = 0; i < host.length; i++) {
      int c = i % channels;
      float value = (float) (means[c] + deviations[c] * random.nextGaussian());
      host[i] = PlainConvolutions.rounded(value);
    }
    return new Values(uploaded(host, size, channels), host, channels);
  }

  private NDArray uploaded(float[] host, Shape size, int channels) {
    NDArray array =
        manager.create(host, new Shape(size.get(0), size.get(1), size.get(2), channels));
    return one("map", one("narrow", array));
  }

  private Values filters(Random random, int out, int in) {
    return values(random, new Shape(out, 3, 3, in), in, 1 / Math.sqrt(9.0 * in), false);
  }

  private Values vector(Random random, int length, int channels) {
    return values(random, new Shape(length), channels, 1, true);
  }

  private List<Values> norm(Random random, int channels) {
    Values scale = vector(random, channels, channels);
    return List.of(scale, vector(random, channels, channels));
  }

  private static Norm norms(List<Values> norm) {
    return new Norm(norm.get(0).array(), norm.get(1).array());
  }

  private Values values(Random random, Shape shape, int channels, double scale, boolean isWide) {
    float[] host = new float[(int) shape.size()];
    for (int i = 0; i < host.length; i++) {
      float value = (float) (scale * random.nextGaussian());
      host[i] = isWide ? value : PlainConvolutions.rounded(value);
    }
    NDArray array = manager.create(host, shape);
    return new Values(isWide ? array : one("narrow", array), host, channels);
  }

  private NDArray one(String function, NDArray x) {
    return casts.run(manager, function, x).singletonOrThrow();
  }

  private float[] numbers(NDArray map) {
    try (NDArray wide = one("wide", map)) {
      return wide.toFloatArray();
    }
  }

  private static void assertClose(String name, float[] found, double[] expected) {
    double largest = 0;
    double error = 0;
    for (int i = 0; i < found.length; i++) {
      largest = Math.max(largest, Math.abs(expected[i]));
      error = Math.max(error, Math.abs(found[i] - expected[i]));
    }
    assertThat(error).as(name).isLessThan(ROUNDING * largest);
  }
}
