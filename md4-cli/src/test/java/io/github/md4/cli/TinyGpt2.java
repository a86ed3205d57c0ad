// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.gpt2.GptConfig;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;

/**
 * The folder of a tiny random GPT-2 with GPT-2's own vocabulary, as Hugging Face publishes one.
 *
 * @param positions the longest sequence
 */
record TinyGpt2(int positions) {
  private static final int VOCABULARY = 50_257;

  /** Writes config and weights; names have the prefix of a published head's model, if any. */
  Path write(Path folder, String prefix, long seed) throws IOException {
    Files.createDirectories(folder);
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 4, "n_positions": %d,
         "vocab_size": 50257, "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new",
         "bos_token_id": 50256, "eos_token_id": 50256}
        """
            .formatted(positions));
    List<NamedTensor> tensors = new ArrayList<>();
    GptConfig config = new GptConfig(2, 2, 4, positions, 1e-5, VOCABULARY - 1);
    for (ParameterSpec spec : config.specs(VOCABULARY)) {
      // The first rows are those of a table with more positions.
      Random random = new Random(seed + spec.name().hashCode());
      float[] values = new float[Math.toIntExact(spec.shape().size())];
      for (int i = 0; i < values.length; i++) {
        values[i] = (float) random.nextGaussian();
      }
      tensors.add(
          NamedTensor.floats(prefix + spec.name(), spec.shape(), () -> FloatBuffer.wrap(values)));
    }
    float[] mask = new float[positions * positions];
    tensors.add(
        NamedTensor.floats(
            prefix + "h.0.attn.bias",
            new Shape(1, 1, positions, positions),
            () -> FloatBuffer.wrap(mask)));
    SafeTensors.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
    return folder;
  }
}
