// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.types.Shape;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * The reference's parameter tree for one of our transformers: which of its leaves hold which of our
 * rows, and the deterministic fill of spec, Section 11.
 */
final class ReferenceParameters {
  private static final String TRANSFORMER = "classifier/Transformer_0/";
  private static final String CONDITION = "classifier/CondEmbedding_0/";

  /** A leaf: rows {@code first} to {@code first + count} of our parameter, perhaps transposed. */
  record Leaf(String parameter, int first, int count, boolean isKernel) {}

  private final Map<String, Leaf> leaves = new TreeMap<>();
  private final TransformerConfig config;
  private final Map<String, Shape> shapes = new LinkedHashMap<>();

  ReferenceParameters(TransformerConfig config, int vocabularySize) {
    this.config = config;
    TransformerSpecs.of(config, vocabularySize).forEach(s -> shapes.put(s.name(), s.shape()));
    embedding();
    condition();
    for (int layer = 0; layer < config.layers(); layer++) {
      block(layer);
    }
  }

  /** Our parameters' names, in the network's order. */
  List<String> names() {
    return new ArrayList<>(shapes.keySet());
  }

  /** Leaves by their path, sorted as ASCII; other leaves of the file's list are not ours. */
  Map<String, Leaf> leaves() {
    return leaves;
  }

  /**
   * Fills our parameters: the k-th path of {@code paths} gets {@code 0.1 sin(0.7 j + 1.3 k + 0.1)}
   * at its j-th element, and one more where it is a scale.
   */
  Map<String, float[]> filled(List<String> paths) {
    Map<String, float[]> values = new LinkedHashMap<>();
    shapes.forEach((name, shape) -> values.put(name, new float[(int) shape.size()]));
    List<String> sorted = paths.stream().sorted().toList();
    for (int k = 0; k < sorted.size(); k++) {
      Leaf leaf = leaves.get(sorted.get(k));
      if (leaf != null) {
        fill(values.get(leaf.parameter), leaf, k, sorted.get(k).endsWith("/scale") ? 1 : 0);
      }
    }
    return values;
  }

  private void fill(float[] values, Leaf leaf, int k, double offset) {
    int in = inputs(leaf.parameter);
    for (int row = 0; row < leaf.count; row++) {
      for (int column = 0; column < in; column++) {
        int j = leaf.isKernel ? column * leaf.count + row : row * in + column;
        values[(leaf.first + row) * in + column] =
            (float) (0.1 * Math.sin(0.7 * j + 1.3 * k + 0.1) + offset);
      }
    }
  }

  /** The Euclidean norm of a leaf's part of our gradient. */
  double norm(Leaf leaf, float[] gradient) {
    int in = inputs(leaf.parameter);
    double sum = 0;
    for (int i = leaf.first * in; i < (leaf.first + leaf.count) * in; i++) {
      sum += (double) gradient[i] * gradient[i];
    }
    return Math.sqrt(sum);
  }

  private int inputs(String parameter) {
    Shape shape = shapes.get(parameter);
    return shape.dimension() == 1 ? 1 : (int) shape.get(1);
  }

  private void embedding() {
    boolean isOutside = config.embedding() == TransformerConfig.Embedding.OUTSIDE;
    table((isOutside ? "classifier/" : TRANSFORMER) + "Embed_0/embedding", "embedding.weight");
    int dense = 0;
    if (isOutside) {
      dense(TRANSFORMER + "Dense_" + dense, "embedding.projection");
      bias(TRANSFORMER + "Dense_" + dense++, "embedding.projection");
    }
    if (config.isConditional()) {
      dense(TRANSFORMER + "Dense_" + dense, "head.modulation");
      bias(TRANSFORMER + "Dense_" + dense++, "head.modulation");
    } else {
      table(TRANSFORMER + "RMSNorm_0/scale", "head.norm.weight");
    }
    dense(TRANSFORMER + "Dense_" + dense, "head");
  }

  private void condition() {
    if (config.classes() > 0) {
      table("cond_embeddings/embedding", "condition.classes.weight");
    }
    if (config.timeFeatures() == TransformerConfig.TimeFeatures.T) {
      dense(CONDITION + "dense0", "condition.dense1");
      bias(CONDITION + "dense0", "condition.dense1");
      dense(CONDITION + "Dense_0", "condition.dense2");
      bias(CONDITION + "Dense_0", "condition.dense2");
    }
  }

  private void block(int layer) {
    String theirs = TRANSFORMER + "TransformerBlock_" + layer + "/";
    String ours = "layers." + layer + ".";
    if (config.isConditional()) {
      dense(theirs + "Dense_0", ours + "modulation");
      bias(theirs + "Dense_0", ours + "modulation");
    } else {
      table(theirs + "RMSNorm_0/scale", ours + "attention.norm.weight");
      table(theirs + "RMSNorm_1/scale", ours + "feedForward.norm.weight");
    }
    int queries = config.heads() * config.headWidth();
    int keys = config.keyValueHeads() * config.headWidth();
    rows(theirs + "attention/wq/kernel", ours + "attention.qkv.weight", 0, queries);
    rows(theirs + "attention/wk/kernel", ours + "attention.qkv.weight", queries, keys);
    rows(theirs + "attention/wv/kernel", ours + "attention.qkv.weight", queries + keys, keys);
    dense(theirs + "attention/wo", ours + "attention.out");
    int hidden = config.hiddenWidth();
    rows(theirs + "feed_forward/w3/kernel", ours + "feedForward.in.weight", 0, hidden);
    rows(theirs + "feed_forward/w1/kernel", ours + "feedForward.in.weight", hidden, hidden);
    dense(theirs + "feed_forward/w2", ours + "feedForward.out");
  }

  private void table(String path, String parameter) {
    leaves.put(path, new Leaf(parameter, 0, (int) shapes.get(parameter).get(0), false));
  }

  private void dense(String path, String parameter) {
    String weight = parameter + ".weight";
    rows(path + "/kernel", weight, 0, (int) shapes.get(weight).get(0));
  }

  private void bias(String path, String parameter) {
    table(path + "/bias", parameter + ".bias");
  }

  private void rows(String path, String parameter, int first, int count) {
    leaves.put(path, new Leaf(parameter, first, count, true));
  }
}
