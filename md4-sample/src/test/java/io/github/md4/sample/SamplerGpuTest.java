// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.sample.TinySampling.masks;
import static io.github.md4.sample.TinySampling.tokens;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import ai.djl.Device;
import ai.djl.engine.Engine;
import io.github.md4.sample.method.ApproximateMethod;
import io.github.md4.sample.method.Methods;
import io.github.md4.sample.method.SamplingMethod;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** On a GPU the same noise draws the same tokens, if the network says the same. */
@Tag("gpu")
final class SamplerGpuTest {

  @BeforeEach
  void needsAGpu() {
    assumeTrue(Engine.getInstance().getGpuCount() > 0, "no GPU: draws are not tested there");
  }

  static List<SamplingMethod> methods() {
    return Methods.all(17);
  }

  @ParameterizedTest
  @MethodSource("methods")
  void tokens_areThoseOfTheCpu(SamplingMethod method) {
    try (TinySampling onCpu = new TinySampling();
        TinySampling onGpu = new TinySampling(Device.gpu())) {
      List<int[]> expected = tokens(onCpu.sampler(method).sample(masks(20)));
      List<int[]> ours = tokens(onGpu.sampler(method).sample(masks(20)));
      if (method instanceof ApproximateMethod.Reference) {
        // Its logarithms are float32 and may differ in the last bit.
        assertThat(ours).hasSameSizeAs(expected);
      } else {
        assertThat(ours).containsExactlyElementsOf(expected);
      }
    }
  }
}
