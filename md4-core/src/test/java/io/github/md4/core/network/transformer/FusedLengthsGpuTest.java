// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.network.transformer.FusedTransformerGpuTest.assertClose;
import static io.github.md4.core.network.transformer.FusedTransformerGpuTest.distance;
import static io.github.md4.core.network.transformer.FusedTransformerGpuTest.gradients;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.Activation;
import io.github.md4.core.Precision;
import io.github.md4.core.internal.transformer.PlainPointwiseKernels;
import io.github.md4.core.network.TrainingOptions;
import io.github.md4.core.network.TrainingOptions.Kernels;
import io.github.md4.core.network.TrainingOptions.Recompute;
import io.github.md4.core.network.transformer.FusedTransformerGpuTest.Case;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Our CUDA kernels at lengths where clusters of a Hopper GPU compute attention's backward, with
 * heads enough for them: against the automatic differentiation in float32 on the same GPU and, with
 * attention's dropout, against the hand-written pass in plain operations on the CPU, which draws
 * the same.
 */
@Tag("gpu")
final class FusedLengthsGpuTest {
  private static final int VOCABULARY = 27;
  private static final String EMBEDDING = "embedding.weight";

  /** One that attends by all rows, and the last, which may attend by chosen ones. */
  private static final int LAYERS = 2;

  /** So much that gradients with another mask, or none, are further away than rounding. */
  private static final double RATE = 0.5;

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: CUDA kernels are not tested");
  }

  /** All rows count: the last block drops by a row's number among those that do. */
  static Case withDropout(double rate) {
    TransformerConfig config =
        FusedTransformerGpuTest.network(64, 12, 12, Embedding.OUTSIDE, Activation.GLU)
            .withLayers(LAYERS);
    return new Case(Networks.withDropout(config, 0, rate), VOCABULARY, 1);
  }

  @ParameterizedTest
  @CsvSource({"5, 250", "1, 1000"})
  void gradients_areThoseOfFloat32UpToRounding(int examples, int length) {
    Case each = withDropout(0);
    Inputs inputs = Inputs.random(each.config(), examples, length, VOCABULARY);
    check(each, inputs, onGpu(each, inputs, Precision.FLOAT32, plain()));
  }

  @ParameterizedTest
  @CsvSource({"5, 250", "1, 1000"})
  void gradientsWithDropout_areThoseOfFloat32UpToRounding(int examples, int length) {
    FrozenOnGpu.needHopper("dropout of its attention is");
    Case each = withDropout(RATE);
    Inputs inputs = Inputs.random(each.config(), examples, length, VOCABULARY);
    Map<String, float[]> exact = onCpu(each, inputs);
    check(each, inputs, exact);
    Map<String, float[]> without =
        onGpu(withDropout(0), inputs, Precision.BFLOAT16, fused(Precision.FLOAT32));
    assertThat(distance(without.get(EMBEDDING), exact.get(EMBEDDING)))
        .as("effect of dropout")
        .isGreaterThan(FusedTransformerGpuTest.NARROW_ROUNDING);
  }

  private static void check(Case each, Inputs inputs, Map<String, float[]> exact) {
    assertClose(
        onGpu(each, inputs, Precision.BFLOAT16, fused(Precision.FLOAT32)),
        exact,
        FusedTransformerGpuTest.ROUNDING);
    assertClose(
        onGpu(each, inputs, Precision.BFLOAT16, fused(Precision.BFLOAT16)),
        exact,
        FusedTransformerGpuTest.NARROW_ROUNDING);
  }

  private static TrainingOptions plain() {
    return FusedTransformerGpuTest.options(Kernels.TORCHSCRIPT);
  }

  private static TrainingOptions fused(Precision stream) {
    return new TrainingOptions(Kernels.FUSED, stream, Recompute.NONE);
  }

  private static Map<String, float[]> onGpu(
      Case each, Inputs inputs, Precision precision, TrainingOptions options) {
    try (NDManager manager = NDManager.newBaseManager(Device.gpu())) {
      return gradients(
          manager,
          each,
          inputs,
          precision,
          (network, parameters) -> network.trainable(manager, parameters, options));
    }
  }

  /** Returns the gradients of the hand-written pass in plain operations. */
  static Map<String, float[]> onCpu(Case each, Inputs inputs) {
    try (NDManager manager = NDManager.newBaseManager(Device.cpu())) {
      return gradients(
          manager,
          each,
          inputs,
          Precision.FLOAT32,
          (network, parameters) ->
              new FusedTransformer(
                  manager,
                  PlainPointwiseKernels.masked(
                      manager, FusedTransformerTest.options(each.config())),
                  each.config(),
                  parameters,
                  new FusedTransformer.Options(Precision.FLOAT32, Recompute.NONE)));
    }
  }
}
