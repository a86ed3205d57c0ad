// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.scoring;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.github.md4.core.InvalidDataException;
import io.github.md4.core.StrictJson;
import io.github.md4.core.UntrustedFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;

/**
 * The {@code config.json} of a GPT-2. Of keys that change its mathematics only the published values
 * are accepted.
 *
 * @param positions the number of positions that have an embedding, the longest sequence
 */
record Gpt2Config(
    int layers, int heads, int width, int positions, int vocabularySize, double epsilon) {
  private static final Map<String, JsonPrimitive> FIXED =
      Map.of(
          "model_type", new JsonPrimitive("gpt2"),
          "activation_function", new JsonPrimitive("gelu_new"),
          "scale_attn_weights", new JsonPrimitive(true),
          "scale_attn_by_inverse_layer_idx", new JsonPrimitive(false),
          "tie_word_embeddings", new JsonPrimitive(true));

  Gpt2Config {
    if (layers < 1
        || layers > 10_000
        || heads < 1
        || width < 1
        || positions < 2
        || vocabularySize < 2) {
      throw new IllegalArgumentException(
          "layers, heads, width, positions and vocabulary must be positive: %d, %d, %d, %d, %d"
              .formatted(layers, heads, width, positions, vocabularySize));
    }
    if (!(epsilon >= 0)) {
      throw new IllegalArgumentException("layer_norm_epsilon must be at least 0: " + epsilon);
    }
    if (width % heads != 0) {
      throw new IllegalArgumentException("heads must divide width: " + heads + ", " + width);
    }
  }

  /**
   * Reads a file.
   *
   * @throws InvalidDataException if it is damaged or describes another network
   */
  static Gpt2Config read(Path file) throws IOException {
    return new UntrustedFile(file)
        .readJson("is no config.json of a GPT-2 that is known", Gpt2Config::of);
  }

  private static Gpt2Config of(JsonObject json) {
    checkFixed(json);
    return new Gpt2Config(
        size(json, "n_layer"),
        size(json, "n_head"),
        size(json, "n_embd"),
        size(json, json.has("n_positions") ? "n_positions" : "n_ctx"),
        size(json, "vocab_size"),
        json.has("layer_norm_epsilon")
            ? StrictJson.number(json.get("layer_norm_epsilon"), "layer_norm_epsilon")
            : 1e-5);
  }

  private static int size(JsonObject json, String key) {
    return StrictJson.whole(json.get(key), key);
  }

  private static void checkFixed(JsonObject json) {
    FIXED.forEach(
        (key, value) -> {
          JsonElement given = json.get(key);
          if (given != null && !given.equals(value)) {
            throw new IllegalArgumentException(key + " must be " + value + ": " + given);
          }
        });
  }
}
