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
import io.github.md4.core.internal.image.NormActivationKernels.Activated;
import io.github.md4.core.internal.image.NormActivationKernels.Dropout;
import io.github.md4.core.internal.image.NormActivationKernels.Forward;
import io.github.md4.core.internal.image.NormActivationKernels.Gradients;
import io.github.md4.core.internal.image.NormActivationKernels.Kind;
import io.github.md4.core.internal.image.NormActivationKernels.Norm;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;
import java.util.Optional;
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

  /** A stream in float32 and in bfloat16; one and many blocks an example; one channel a group. */
  @ParameterizedTest
  @CsvSource({
    "FLOAT32, STREAM, 3, 5, 7, 32, false",
    "FLOAT32, STREAM, 2, 32, 32, 128, true",
    "FLOAT32, CONVOLVED, 2, 32, 32, 256, false",
    "BFLOAT16, STREAM, 3, 28, 28, 64, true",
    "BFLOAT16, CONVOLVED, 200, 16, 16, 384, false",
    "BFLOAT16, STREAM, 2, 4, 4, 2048, true"
  })
  void kernels_areThoseOfPlainOperations(
      Precision stream, Kind kind, int examples, int height, int width, int channels, boolean own) {
    Shape shape = new Shape(examples, height, width, channels);
    try (NDManager manager = NDManager.newBaseManager(Device.gpu());
        TorchScript casts = TorchScript.load(manager, Map.of(), CASTS);
        NormActivationKernels plain = new PlainNormActivationKernels(manager);
        NormActivationKernels ours = cuda(manager, stream)) {
      boolean isWide = kind == Kind.STREAM && stream == Precision.FLOAT32;
      NDArray x = map(manager, casts, shape, 1, 3);
      NDArray known = map(manager, casts, shape, 2, 0);
      NDArray given = isWide ? x : one(casts, manager, "narrow", x);
      NDArray givenKnown = isWide ? known : one(casts, manager, "narrow", known);
      NDArray da = one(casts, manager, "narrow", map(manager, casts, shape, 3, 0));
      Shape ofNorm = own ? new Shape(examples, channels) : new Shape(channels);
      Norm norm =
          new Norm(
              normal(manager, ofNorm, 4).mul(0.3f).add(1),
              normal(manager, ofNorm, 5),
              own ? Optional.empty() : Optional.of(normal(manager, ofNorm, 6)));
      NDArray exact = isWide ? x : one(casts, manager, "wide", given);
      Activated expected = plain.normActivate(manager, kind, exact, norm, Dropout.NONE);
      Activated made = ours.normActivate(manager, kind, given, norm, Dropout.NONE);
      NDArray output = one(casts, manager, "wide", made.output());
      assertClose("output", output, expected.output());

      Gradients expectedBack =
          plain.normActivateBackward(
              manager,
              one(casts, manager, "wide", da),
              new Forward(kind, exact, norm, Dropout.NONE, expected),
              Optional.of(isWide ? known : one(casts, manager, "wide", givenKnown)));
      Gradients back =
          ours.normActivateBackward(
              manager,
              da,
              new Forward(kind, given, norm, Dropout.NONE, made),
              Optional.of(givenKnown));
      assertClose("dx", one(casts, manager, "wide", back.x()), expectedBack.x());
      for (int part = 0; part < 3; part++) {
        // Sums of float32 in another order; the gradient by the bias is zero except for rounding.
        NDArray sum = expectedBack.norm().get(part);
        assertThat(back.norm().get(part).sub(sum).abs().max().getFloat())
            .as("norm %d", part)
            .isLessThan(1e-4f * Math.max(1, expectedBack.norm().abs().max().getFloat()));
      }
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
      Activated all = plain.normActivate(manager, Kind.CONVOLVED, exact, norm, Dropout.NONE);
      Activated made = ours.normActivate(manager, Kind.CONVOLVED, x, norm, drop);
      Activated other =
          ours.normActivate(manager, Kind.CONVOLVED, x, norm, new Dropout(DROPOUT, 18));
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
              new Forward(Kind.CONVOLVED, exact, norm, Dropout.NONE, all),
              Optional.empty());
      Gradients back =
          ours.normActivateBackward(
              manager, da, new Forward(Kind.CONVOLVED, x, norm, drop, made), Optional.empty());
      assertClose("dx", one(casts, manager, "wide", back.x()), expected.x());
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
