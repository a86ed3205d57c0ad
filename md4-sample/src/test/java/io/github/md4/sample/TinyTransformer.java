// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.Transformer;
import io.github.md4.core.network.transformer.TransformerConfig;
import io.github.md4.core.noise.Noise;
import io.github.md4.core.noise.Noise.Purpose;

/** A real network with weights so large that contexts, times and classes matter. */
final class TinyTransformer implements AutoCloseable {
  private final Network network;
  private final Parameters parameters;

  /**
   * @param classes 0 where the network is told none
   */
  TinyTransformer(NDManager manager, int vocabularySize, int classes) {
    network = new Transformer(manager, config(classes), vocabularySize, Precision.FLOAT32);
    parameters = Parameters.of(manager, network.specs(), TinyTransformer::values);
  }

  static TransformerConfig config(int classes) {
    return TransformerConfig.defaults()
        .withHeads(3, 6)
        .withLayers(2)
        .withCondition(TimeFeatures.T, classes);
  }

  static float[] values(ParameterSpec spec, int index) {
    double[] u = new Noise(89).uniforms(Purpose.SOURCE, 0, index, (int) spec.shape().size());
    float[] values = new float[u.length];
    for (int i = 0; i < u.length; i++) {
      values[i] = (float) (1.2 * u[i] - 0.6);
    }
    return values;
  }

  Denoiser denoiser() {
    return network.denoiser(parameters);
  }

  @Override
  public void close() {
    parameters.close();
    network.close();
  }
}
