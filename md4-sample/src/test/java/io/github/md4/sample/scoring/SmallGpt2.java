// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import ai.djl.ndarray.types.Shape;
import io.github.md4.core.model.NamedTensor;
import io.github.md4.core.model.SafeTensors;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The files of the small GPT-2 whose weights {@code gpt2_numpy.py} has from the same formula. */
final class SmallGpt2 {
  static final int VOCABULARY = 20;
  private static final long WIDTH = 8;
  private static final String CONFIG =
      """
      {"model_type": "gpt2", "n_layer": 2, "n_head": 2, "n_embd": 8, "n_positions": 16,
       "vocab_size": 20, "layer_norm_epsilon": 1e-05, "activation_function": "gelu_new"}
      """;

  private SmallGpt2() {}

  /** Writes config and weights, every name after a prefix. */
  static void write(Path folder, String prefix) throws IOException {
    Files.writeString(folder.resolve("config.json"), CONFIG);
    List<NamedTensor> tensors = new ArrayList<>();
    shapes()
        .forEach(
            (name, shape) -> {
              float[] values = values(name, shape, tensors.size());
              tensors.add(NamedTensor.floats(prefix + name, shape, () -> FloatBuffer.wrap(values)));
            });
    SafeTensors.write(folder.resolve("model.safetensors"), Map.of("format", "pt"), tensors);
  }

  private static float[] values(String name, Shape shape, int k) {
    float[] values = new float[Math.toIntExact(shape.size())];
    boolean isScale = name.matches("(.*\\.)?ln_.\\.weight");
    for (int j = 0; j < values.length; j++) {
      values[j] = (float) (0.4 * Math.sin(0.7 * j + 1.3 * k + 0.1) + (isScale ? 1 : 0));
    }
    return values;
  }

  private static Map<String, Shape> shapes() {
    Map<String, Shape> shapes = new TreeMap<>();
    shapes.put("wte.weight", new Shape(VOCABULARY, WIDTH));
    shapes.put("wpe.weight", new Shape(16, WIDTH));
    for (String block : List.of("h.0.", "h.1.")) {
      shapes.put(block + "attn.c_attn.weight", new Shape(WIDTH, 3 * WIDTH));
      shapes.put(block + "attn.c_attn.bias", new Shape(3 * WIDTH));
      shapes.put(block + "attn.c_proj.weight", new Shape(WIDTH, WIDTH));
      shapes.put(block + "attn.c_proj.bias", new Shape(WIDTH));
      shapes.put(block + "mlp.c_fc.weight", new Shape(WIDTH, 4 * WIDTH));
      shapes.put(block + "mlp.c_fc.bias", new Shape(4 * WIDTH));
      shapes.put(block + "mlp.c_proj.weight", new Shape(4 * WIDTH, WIDTH));
      shapes.put(block + "mlp.c_proj.bias", new Shape(WIDTH));
      norm(shapes, block + "ln_1");
      norm(shapes, block + "ln_2");
    }
    norm(shapes, "ln_f");
    return shapes;
  }

  private static void norm(Map<String, Shape> shapes, String name) {
    shapes.put(name + ".weight", new Shape(WIDTH));
    shapes.put(name + ".bias", new Shape(WIDTH));
  }
}
