// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Activation;
import io.github.md4.core.Golden;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Objective;
import io.github.md4.core.diffusion.Queries;
import io.github.md4.core.diffusion.QueryBatch;
import io.github.md4.core.diffusion.TokenSpace;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.TransformerConfig.Embedding;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A text case of the golden file. The network's shape is read off the case's list of parameters, so
 * that cases of any name and size run.
 */
final class ReferenceCase {
  private static final Pattern BLOCK = Pattern.compile(".*/TransformerBlock_(\\d+)/.*");
  private static final Pattern FEATURES = Pattern.compile("feature_dim (\\d+)");
  private static final Pattern ACTIVATION = Pattern.compile("\\b(glu|swiglu|geglu)\\b");

  final JsonObject json;
  final TransformerConfig config;
  final TokenSpace space;
  final ReferenceParameters reference;
  private final JsonObject section;
  private final Map<String, long[]> shapes = new TreeMap<>();

  ReferenceCase(JsonObject section, JsonObject json) {
    this.section = section;
    this.json = json;
    for (JsonElement pair : Golden.elements(Golden.field(json, "params"))) {
      List<JsonElement> nameAndShape = Golden.elements(pair);
      shapes.put(nameAndShape.get(0).getAsString(), Golden.longs(nameAndShape.get(1)));
    }
    config = config();
    space = new TokenSpace((int) table()[0] - 1);
    reference = new ReferenceParameters(config, space.vocabularySize());
  }

  /** Returns the parameters, filled as the reference's. */
  Parameters parameters(NDManager manager, Network network) {
    Map<String, float[]> values = reference.filled(List.copyOf(shapes.keySet()));
    return Parameters.of(manager, network.specs(), (spec, index) -> values.get(spec.name()));
  }

  Transformer network(NDManager manager, Precision precision) {
    return new Transformer(manager, config, space.vocabularySize(), precision);
  }

  /** The queries of an objective about the first masked sample. */
  QueryBatch batch(Objective objective, double... v) {
    return batch(objective, "zt1", v);
  }

  /**
   * The queries of an objective about the masked sample of that name.
   *
   * @param v the uniform of each example's time
   */
  QueryBatch batch(Objective objective, String sample, double... v) {
    return Queries.of(objective, tokens("x"), tokens(sample), v);
  }

  double[] times() {
    return Golden.doubles(field("t"));
  }

  int length() {
    return tokens("x")[0].length;
  }

  int[] labels() {
    if (config.classes() == 0) {
      return new int[0];
    }
    double[] labels = Golden.doubles(field("class_labels"));
    int[] whole = new int[labels.length];
    for (int i = 0; i < whole.length; i++) {
      whole[i] = (int) labels[i];
    }
    return whole;
  }

  private int[][] tokens(String name) {
    double[][] rows = Golden.rows(field(name));
    int[][] tokens = new int[rows.length][rows[0].length];
    for (int b = 0; b < rows.length; b++) {
      for (int n = 0; n < rows[b].length; n++) {
        tokens[b][n] = (int) rows[b][n];
      }
    }
    return tokens;
  }

  /** Returns the case's own field, or the section's. */
  private JsonElement field(String name) {
    return Golden.field(Golden.has(json, name) ? json : section, name);
  }

  private TransformerConfig config() {
    boolean isOutside = shapes.containsKey("classifier/Embed_0/embedding");
    boolean hasTime = shapes.keySet().stream().anyMatch(p -> p.contains("/CondEmbedding_0/"));
    int headWidth = headWidth(isOutside, hasTime);
    String block = "classifier/Transformer_0/TransformerBlock_0/attention/";
    return TransformerConfig.defaults()
        .withHeads((int) shapes.get(block + "wq/kernel")[1] / headWidth, headWidth)
        .withKeyValueHeads((int) shapes.get(block + "wk/kernel")[1] / headWidth)
        .withLayers(layers())
        .withEmbedding(isOutside ? Embedding.OUTSIDE : Embedding.INSIDE)
        .withCondition(
            hasTime ? TimeFeatures.T : TimeFeatures.NONE,
            (int) shapes.getOrDefault("cond_embeddings/embedding", new long[] {0})[0])
        .withActivation(Activation.parse(text("mlp_type", ACTIVATION)))
        .withCausal(options().has("causal") && options().get("causal").getAsBoolean());
  }

  private int headWidth(boolean isOutside, boolean hasTime) {
    if (hasTime) {
      return (int) shapes.get("classifier/CondEmbedding_0/Dense_0/bias")[0];
    }
    return isOutside ? (int) table()[1] : Integer.parseInt(text("feature_dim", FEATURES));
  }

  private long[] table() {
    long[] outside = shapes.get("classifier/Embed_0/embedding");
    return outside != null ? outside : shapes.get("classifier/Transformer_0/Embed_0/embedding");
  }

  private int layers() {
    return 1
        + shapes.keySet().stream()
            .map(BLOCK::matcher)
            .filter(Matcher::matches)
            .mapToInt(m -> Integer.parseInt(m.group(1)))
            .max()
            .orElseThrow();
  }

  private JsonObject options() {
    return Golden.has(json, "config") ? json.getAsJsonObject("config") : new JsonObject();
  }

  /** Returns an option of the case, or its value in the section's description of the base. */
  private String text(String option, Pattern inDescription) {
    if (options().has(option)) {
      return options().get(option).getAsString();
    }
    Matcher found = inDescription.matcher(Golden.field(section, "base_config").getAsString());
    if (!found.find()) {
      throw new IllegalArgumentException("base_config does not tell " + option);
    }
    return found.group(1);
  }
}
