// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.cuda.CudaDevice;
import io.github.md4.core.internal.cuda.Nvrtc;
import io.github.md4.core.internal.cuda.RecordingStream;
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.image.NormActivationKernels.ParameterGradients;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The CUDA kernels of feature maps against plain operations in float32 on the same GPU. */
@Tag("gpu")
final class NormActivationKernelsGpuTest {
  private static final String CASTS =
      """
      def map(self: __torch__.M, x: Tensor) -> Tensor:
        return torch.permute(x, [0, 3, 1, 2])
      def narrow(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(15)
      def wide(self: __torch__.M, x: Tensor) -> Tensor:
        return x.to(6)
      def maskOf(self: __torch__.M, dropped: Tensor, rate: float) -> Tensor:
        return torch.ne(dropped, 0.0).to(6) / (1.0 - rate)
      def product(self: __torch__.M, x: Tensor, y: Tensor) -> Tensor:
        return x * y
      """;

  /** Of the largest element: results are rounded to bfloat16 once, by 2^-9 at most. */
  private static final double ROUNDING = 0x1p-8;

  private static final double DROPOUT = 0.3;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  /**
   * A stream in float32 and in bfloat16; one and many blocks an example, a cluster of them or not;
   * one channel a group; one map and two side by side, with a group that has channels of both;
   * none, one and two known parts of the gradient.
   */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, STREAM, 3, 5, 7, 32, 0, 1, false",
    "FLOAT32, STREAM, 2, 32, 32, 128, 0, 2, true",
    "FLOAT32, CONVOLVED, 2, 32, 32, 256, 0, 0, false",
    "BFLOAT16, STREAM, 3, 28, 28, 64, 0, 2, true",
    "BFLOAT16, STREAM, 3, 28, 28, 64, 0, 0, false",
    "BFLOAT16, CONVOLVED, 200, 16, 16, 384, 0, 0, false",
    "BFLOAT16, STREAM, 2, 4, 4, 2048, 0, 1, true",
    "FLOAT32, STREAM, 3, 5, 7, 32, 64, 1, false",
    "FLOAT32, STREAM, 2, 32, 32, 128, 128, 0, true",
    "BFLOAT16, STREAM, 2, 28, 28, 64, 64, 1, false",
    "BFLOAT16, STREAM, 17, 28, 28, 64, 64, 1, false",
    "BFLOAT16, STREAM, 2, 64, 64, 64, 64, 1, false",
    "FLOAT32, STREAM, 17, 32, 32, 128, 0, 2, true",
    "BFLOAT16, STREAM, 16, 1, 3, 64, 32, 0, true",
    "BFLOAT16, STREAM, 200, 16, 16, 256, 128, 2, true",
    "BFLOAT16, STREAM, 2, 4, 4, 1024, 1024, 1, true"
  })
  void kernels_areThoseOfPlainOperations(
      Precision stream,
      Kind kind,
      int examples,
      int height,
      int width,
      int channels,
      int beside,
      int parts,
      boolean own) {
    int all = channels + beside;
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels plain = new PlainNormActivationKernels(manager);
        NormActivationKernels ours = cuda(manager, stream)) {
      boolean isWide = kind == Kind.STREAM && stream == Precision.FLOAT32;
      UnaryOperator<NDArray> rounded = x -> isWide ? x : one(casts, manager, "narrow", x);
      UnaryOperator<NDArray> exactly = x -> isWide ? x : one(casts, manager, "wide", x);
      List<NDArray> given = new ArrayList<>();
      List<List<NDArray>> known = new ArrayList<>();
      for (int ofMap : beside == 0 ? new int[] {channels} : new int[] {channels, beside}) {
        Shape shape = new Shape(examples, height, width, ofMap);
        given.add(rounded.apply(map(manager, casts, shape, 10 + given.size(), 3)));
        List<NDArray> ofKnown = new ArrayList<>();
        for (int part = 0; part < parts; part++) {
          int seed = 20 + 2 * known.size() + part;
          ofKnown.add(rounded.apply(map(manager, casts, shape, seed, 0)));
        }
        known.add(ofKnown);
      }
      Shape joined = new Shape(examples, height, width, all);
      NDArray da = one(casts, manager, "narrow", map(manager, casts, joined, 3, 0));
      Shape ofNorm = own ? new Shape(examples, all) : new Shape(all);
      Norm norm =
          new Norm(
              normal(manager, ofNorm, 4).mul(0.3f).add(1),
              normal(manager, ofNorm, 5),
              own ? Optional.empty() : Optional.of(normal(manager, ofNorm, 6)));
      List<NDArray> exact = given.stream().map(exactly).toList();
      Activated expected = plain.normActivate(manager, kind, exact, norm, Dropout.NONE);
      Activated made = ours.normActivate(manager, kind, given, norm, Dropout.NONE);
      NDArray output = one(casts, manager, "wide", made.output());
      assertClose("output", output, expected.output());
      for (Dropout drop : List.of(Dropout.NONE, new Dropout(DROPOUT, 7))) {
        Activated once = ours.normActivate(manager, kind, given, norm, drop);
        NDArray again = ours.activateAgain(manager, new Forward(kind, given, norm, drop, once));
        assertThat(one(casts, manager, "wide", again).toFloatArray())
            .isEqualTo(one(casts, manager, "wide", once.output()).toFloatArray());
      }

      ParameterGradients expectedSums = sums(manager, all);
      Gradients expectedBack =
          plain.normActivateBackward(
              manager,
              one(casts, manager, "wide", da),
              new Forward(kind, exact, norm, Dropout.NONE, expected),
              known.stream().map(each -> each.stream().map(exactly).toList()).toList(),
              expectedSums);
      ParameterGradients sums = sums(manager, all);
      // The gradients may take the memory of da and of the known parts, so nothing reads them
      // after.
      Gradients back =
          ours.normActivateBackward(
              manager, da, new Forward(kind, given, norm, Dropout.NONE, made), known, sums);
      for (int i = 0; i < given.size(); i++) {
        assertClose(
            "dx of map " + i,
            one(casts, manager, "wide", back.x().get(i)),
            expectedBack.x().get(i));
      }
      // Sums of float32 in another order; the gradient by the bias is zero except for rounding.
      float scale = Math.max(1, expectedBack.norm().abs().max().getFloat());
      assertWithin("norm", back.norm(), expectedBack.norm(), 1e-4f * scale);
      assertSums(sums.scale(), expectedSums.scale(), examples * scale);
      assertSums(sums.shift(), expectedSums.shift(), examples * scale);
      assertSums(sums.bias(), expectedSums.bias(), examples * scale);
    }
  }

  private static ParameterGradients sums(NDManager manager, int channels) {
    Shape shape = new Shape(channels);
    return new ParameterGradients(
        Optional.of(manager.zeros(shape)),
        Optional.of(manager.zeros(shape)),
        Optional.of(manager.zeros(shape)));
  }

  private static void assertSums(
      Optional<NDArray> ours, Optional<NDArray> expected, float largest) {
    assertWithin("sums", ours.orElseThrow(), expected.orElseThrow(), 1e-4f * largest);
  }

  private static void assertWithin(String name, NDArray ours, NDArray expected, float most) {
    assertThat(ours.sub(expected).abs().max().getFloat()).as(name).isLessThan(most);
  }

  /** What is absent is not written to, and what is there is the sum of the examples' own. */
  @ParameterizedTest
  @CsvSource({"1, 32", "33, 64", "512, 128", "200, 2048"})
  void sums_areThoseOverTheExamples(int examples, int channels) {
    Shape shape = new Shape(examples, 2, 3, channels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels ours = cuda(manager, Precision.BFLOAT16)) {
      NDArray x = one(casts, manager, "narrow", map(manager, casts, shape, 1, 1));
      NDArray da = one(casts, manager, "narrow", map(manager, casts, shape, 2, 1));
      NDArray ones = manager.ones(new Shape(channels));
      Norm norm = new Norm(ones, ones, Optional.empty());
      Activated made = ours.normActivate(manager, Kind.STREAM, List.of(x), norm, Dropout.NONE);
      ParameterGradients all = sums(manager, channels);
      ParameterGradients shift =
          new ParameterGradients(Optional.empty(), all.shift(), Optional.empty());
      NDArray found =
          ours.normActivateBackward(
                  manager,
                  da,
                  new Forward(Kind.STREAM, List.of(x), norm, Dropout.NONE, made),
                  List.of(List.of()),
                  shift)
              .norm();
      NDArray expected = found.get(1).sum(new int[] {0});
      // Up to 512 numbers of float32, added in another order.
      float most = 1e-5f * found.get(1).abs().sum(new int[] {0}).max().getFloat();
      assertWithin("shift", all.shift().orElseThrow(), expected, most);
      assertThat(all.scale().orElseThrow().abs().max().getFloat()).isZero();
      assertThat(all.bias().orElseThrow().abs().max().getFloat()).isZero();
    }
  }

  /** Each element stays with its own chance, scaled; the way back drops the same ones. */
  @ParameterizedTest
  @CsvSource({"7, 9, 64", "32, 32, 128"})
  void dropout_isThatOfItsRateBothWays(int height, int width, int channels) {
    Shape shape = new Shape(3, height, width, channels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels plain = new PlainNormActivationKernels(manager);
        NormActivationKernels ours = cuda(manager, Precision.BFLOAT16)) {
      NDArray x = one(casts, manager, "narrow", map(manager, casts, shape, 1, 0));
      NDArray exact = one(casts, manager, "wide", x);
      NDArray da = one(casts, manager, "narrow", map(manager, casts, shape, 3, 0));
      // Nothing but what is dropped is zero.
      Norm norm =
          new Norm(
              normal(manager, new Shape(channels), 4).mul(0).add(1),
              normal(manager, new Shape(channels), 5).mul(0).add(9),
              Optional.empty());
      Dropout drop = new Dropout(DROPOUT, 17);
      Activated all =
          plain.normActivate(manager, Kind.CONVOLVED, List.of(exact), norm, Dropout.NONE);
      Activated made = ours.normActivate(manager, Kind.CONVOLVED, List.of(x), norm, drop);
      Activated other =
          ours.normActivate(manager, Kind.CONVOLVED, List.of(x), norm, new Dropout(DROPOUT, 18));
      NDArray dropped = one(casts, manager, "wide", made.output());
      NDArray mask = one(casts, manager, "maskOf", dropped, DROPOUT);
      NDArray otherMask =
          one(casts, manager, "maskOf", one(casts, manager, "wide", other.output()), DROPOUT);
      double count = mask.size();
      double deviation = Math.sqrt((1 - DROPOUT) * DROPOUT / count);
      double kept = mask.mean().getFloat() * (1 - DROPOUT);
      // Five standard errors each: a false alarm has probability below 6e-7.
      assertThat(kept).isCloseTo(1 - DROPOUT, within(5 * deviation));
      double both = one(casts, manager, "product", mask, otherMask).mean().getFloat();
      assertThat(both).isCloseTo(1, within(5 * DROPOUT / (1 - DROPOUT) / Math.sqrt(count) + 1e-3));
      assertClose("output", dropped, one(casts, manager, "product", all.output(), mask));

      Gradients expected =
          plain.normActivateBackward(
              manager,
              one(casts, manager, "product", one(casts, manager, "wide", da), mask),
              new Forward(Kind.CONVOLVED, List.of(exact), norm, Dropout.NONE, all),
              List.of(List.of()),
              ParameterGradients.NONE);
      Gradients back =
          ours.normActivateBackward(
              manager,
              da,
              new Forward(Kind.CONVOLVED, List.of(x), norm, drop, made),
              List.of(List.of()),
              ParameterGradients.NONE);
      assertClose("dx", one(casts, manager, "wide", back.x().get(0)), expected.x().get(0));
    }
  }

  @ParameterizedTest
  @CsvSource({"FLOAT32, 96", "BFLOAT16, 128"})
  void onto_isThatOfPlainOperations(Precision stream, int channels) {
    Shape shape = new Shape(3, 5, 7, channels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels plain = new PlainNormActivationKernels(manager);
        NormActivationKernels ours = cuda(manager, stream)) {
      NDArray x = map(manager, casts, shape, 1, 3);
      NDArray given = stream == Precision.FLOAT32 ? x : one(casts, manager, "narrow", x);
      NDArray y = one(casts, manager, "narrow", map(manager, casts, shape, 2, 0));
      NDArray bias = normal(manager, new Shape(channels), 3);
      NDArray exact = stream == Precision.FLOAT32 ? x : one(casts, manager, "wide", given);
      NDArray expected = plain.addResidual(manager, exact, one(casts, manager, "wide", y), bias);
      assertClose(
          "sum", one(casts, manager, "wide", ours.addResidual(manager, given, y, bias)), expected);
    }
  }

  /** Two streams run at once, each on a map of its own; as one launch for few examples, or two. */
  @ParameterizedTest
  @CsvSource({"3, 32, 32, 128", "24, 32, 32, 128"})
  void outputs_areTheSameBesideAnotherStream(int examples, int height, int width, int channels) {
    Shape shape = new Shape(examples, height, width, channels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels ours = cuda(manager, Precision.BFLOAT16);
        RecordingStream stream = RecordingStream.find(new CudaDevice(0)).orElseThrow()) {
      NDArray here = one(casts, manager, "narrow", map(manager, casts, shape, 1, 0));
      NDArray there = one(casts, manager, "narrow", map(manager, casts, shape, 2, 5));
      NDArray ones = manager.ones(new Shape(channels));
      Norm norm = new Norm(ones, ones, Optional.empty());
      List<NDArray> expected = outputs(manager, ours, here, norm, 1);
      List<NDArray> expectedThere = outputs(manager, ours, there, norm, 1);
      List<NDArray> found = new ArrayList<>();
      List<NDArray> foundThere = new ArrayList<>();
      stream.run(
          () -> {
            CompletableFuture<Void> other =
                CompletableFuture.runAsync(
                    () -> foundThere.addAll(outputs(manager, ours, there, norm, 64)));
            found.addAll(outputs(manager, ours, here, norm, 64));
            other.join();
          });
      assertAllAre(expected.get(0), found, casts, manager);
      assertAllAre(expectedThere.get(0), foundThere, casts, manager);
    }
  }

  private static List<NDArray> outputs(
      NDManager manager, NormActivationKernels kernels, NDArray x, Norm norm, int times) {
    return IntStream.range(0, times)
        .mapToObj(i -> kernels.normActivate(manager, Kind.STREAM, List.of(x), norm, Dropout.NONE))
        .map(Activated::output)
        .toList();
  }

  private static void assertAllAre(
      NDArray expected, List<NDArray> found, TorchScript casts, NDManager manager) {
    float[] values = one(casts, manager, "wide", expected).toFloatArray();
    for (NDArray each : found) {
      assertThat(one(casts, manager, "wide", each).toFloatArray()).isEqualTo(values);
    }
  }

  private static NormActivationKernels cuda(NDManager manager, Precision stream) {
    CudaDevice device = new CudaDevice(0);
    return new CudaNormActivationKernels(manager, device, Nvrtc.find().orElseThrow(), stream);
  }

  /** Returns a map [B, C, H, W], its channels last in memory, of mean {@code mean}. */
  private static NDArray map(
      NDManager manager, TorchScript casts, Shape shape, int seed, float mean) {
    return one(casts, manager, "map", normal(manager, shape, seed).add(mean));
  }

  private static NDArray normal(NDManager manager, Shape shape, int seed) {
    manager.getEngine().setRandomSeed(seed);
    return manager.randomNormal(0, 1, shape, DataType.FLOAT32);
  }

  private static NDArray one(
      TorchScript script, NDManager scope, String function, Object... arguments) {
    return script.run(scope, function, arguments).singletonOrThrow();
  }

  private static void assertClose(String name, NDArray ours, NDArray expected) {
    float largest = expected.abs().max().getFloat();
    assertThat(ours.sub(expected).abs().max().getFloat())
        .as(name)
        .isLessThan((float) ROUNDING * largest);
  }
}
