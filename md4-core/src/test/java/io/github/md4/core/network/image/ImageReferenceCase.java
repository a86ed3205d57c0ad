// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDManager;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.github.md4.core.Golden;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.Inputs;
import io.github.md4.core.network.transformer.ReferenceTree;
import io.github.md4.core.token.ImageShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * An image case of the golden file. The network's shape is read off the case's list of parameters,
 * so that cases of any name and size run.
 */
final class ImageReferenceCase {
  private static final Pattern RES_BLOCK = Pattern.compile(".*/UNet_0/ResBlock_(\\d+)/.*");
  private static final Pattern DIT_BLOCK = Pattern.compile(".*/DiT_0/blocks_(\\d+)/.*");
  private static final String UNET = "classifier/UNet5DWrapper_0/UNet_0/";
  private static final String POSITIONS = UNET + "DiT_0/pos_embed";

  final JsonObject json;
  final ImageConfig config;
  private final JsonObject section;
  private final Map<String, long[]> shapes = new TreeMap<>();

  ImageReferenceCase(JsonObject section, JsonObject json) {
    this.section = section;
    this.json = json;
    for (JsonElement pair : Golden.elements(Golden.field(json, "params"))) {
      List<JsonElement> nameAndShape = Golden.elements(pair);
      shapes.put(nameAndShape.get(0).getAsString(), Golden.longs(nameAndShape.get(1)));
    }
    config = shapes.containsKey(POSITIONS) ? uvit() : unet();
  }

  int vocabularySize() {
    return (int) shapes.get("classifier/Embed_0/embedding")[0] - 1;
  }

  /** Returns the parameters, filled as the reference's. */
  Parameters parameters(NDManager manager, Network network) {
    ReferenceTree tree = ImageReferenceTree.of(config, network.specs());
    Map<String, float[]> values = tree.filled(List.copyOf(shapes.keySet()));
    return Parameters.of(manager, network.specs(), (spec, index) -> values.get(spec.name()));
  }

  /** Returns our leaves, checked against those of the file. */
  List<String> leaves(Network network) {
    return new ArrayList<>(ImageReferenceTree.of(config, network.specs()).leaves().keySet());
  }

  List<String> leavesOfFile() {
    return new ArrayList<>(shapes.keySet());
  }

  Inputs inputs() {
    double[] flat = Golden.doubles(field("zt"));
    double[] times = Golden.doubles(field("t"));
    int[][] zt = new int[times.length][flat.length / times.length];
    for (int i = 0; i < flat.length; i++) {
      zt[i / zt[0].length][i % zt[0].length] = (int) flat[i];
    }
    return new Inputs(zt, times, labels());
  }

  private int[] labels() {
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

  private UNetConfig unet() {
    int layers = (last(RES_BLOCK) - 2) / 2;
    return new UNetConfig(image(), width(), layers, condition(), 0);
  }

  private UVitConfig uvit() {
    int levels = multipliers().size();
    int layers = (last(RES_BLOCK) + 3 - 3 * levels) / (2 * levels);
    long[] patch = shapes.get(UNET + "DiT_0/x_embedder/proj/kernel");
    DitShape middle =
        new DitShape(
            (int) shapes.get(POSITIONS)[1],
            (int) number("dit_num_heads"),
            last(DIT_BLOCK) + 1,
            (int) patch[0]);
    return new UVitConfig(image(), width(), multipliers(), layers, middle, condition(), 0);
  }

  private ImageShape image() {
    long[] shape = Golden.shape(field("x"));
    return new ImageShape((int) shape[1], (int) shape[2], (int) shape[3]);
  }

  private int width() {
    return (int) shapes.get("classifier/Embed_0/embedding")[1];
  }

  private ConditionConfig condition() {
    boolean hasTime = shapes.keySet().stream().anyMatch(p -> p.contains("/CondEmbedding_0/"));
    long[] classes = shapes.getOrDefault("cond_embeddings/embedding", new long[] {0});
    return new ConditionConfig(hasTime ? TimeFeatures.T : TimeFeatures.NONE, (int) classes[0], 0);
  }

  private List<Integer> multipliers() {
    if (!options().has("ch_mult")) {
      return List.of(1);
    }
    return Golden.elements(options().get("ch_mult")).stream().map(JsonElement::getAsInt).toList();
  }

  private double number(String option) {
    return Golden.field(json, "config", option).getAsDouble();
  }

  private JsonObject options() {
    return Golden.has(json, "config") ? json.getAsJsonObject("config") : new JsonObject();
  }

  /** Returns the greatest number of a kind of module. */
  private int last(Pattern module) {
    return shapes.keySet().stream()
        .map(module::matcher)
        .filter(Matcher::matches)
        .mapToInt(m -> Integer.parseInt(m.group(1)))
        .max()
        .orElseThrow();
  }

  /** Returns the case's own field, or the section's. */
  private JsonElement field(String name) {
    return Golden.field(Golden.has(json, name) ? json : section, name);
  }
}
