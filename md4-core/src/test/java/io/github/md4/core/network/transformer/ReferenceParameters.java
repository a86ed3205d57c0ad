// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.ReferenceTree.Leaf;
import java.util.List;
import java.util.Map;

/** The reference's parameter tree for one of our transformers. */
final class ReferenceParameters {
  private static final String TRANSFORMER = "classifier/Transformer_0/";
  private static final String CONDITION = "classifier/CondEmbedding_0/";

  private final TransformerConfig config;
  private final ReferenceTree tree;

  ReferenceParameters(TransformerConfig config, int vocabularySize) {
    this.config = config;
    this.tree = new ReferenceTree(TransformerSpecs.of(config, vocabularySize));
    embedding();
    condition();
    for (int layer = 0; layer < config.layers(); layer++) {
      block(layer);
    }
  }

  /** Returns {@link ReferenceTree#names}. */
  List<String> names() {
    return tree.names();
  }

  /** Returns {@link ReferenceTree#leaves}. */
  Map<String, Leaf> leaves() {
    return tree.leaves();
  }

  /** Returns {@link ReferenceTree#filled}. */
  Map<String, float[]> filled(List<String> paths) {
    return tree.filled(paths);
  }

  /** Returns {@link ReferenceTree#norm}. */
  double norm(Leaf leaf, float[] gradient) {
    return tree.norm(leaf, gradient);
  }

  private void embedding() {
    boolean isOutside = config.embedding() == TransformerConfig.Embedding.OUTSIDE;
    tree.table((isOutside ? "classifier/" : TRANSFORMER) + "Embed_0/embedding", "embedding.weight");
    int dense = 0;
    if (isOutside) {
      tree.dense(TRANSFORMER + "Dense_" + dense++, "embedding.projection");
    }
    if (config.isConditional()) {
      tree.dense(TRANSFORMER + "Dense_" + dense++, "head.modulation");
    } else {
      tree.table(TRANSFORMER + "RMSNorm_0/scale", "head.norm.weight");
    }
    tree.kernel(TRANSFORMER + "Dense_" + dense, "head");
  }

  private void condition() {
    if (config.classes() > 0) {
      tree.table("cond_embeddings/embedding", "condition.classes.weight");
    }
    if (config.timeFeatures() == TimeFeatures.T) {
      tree.dense(CONDITION + "dense0", "condition.dense1");
      tree.dense(CONDITION + "Dense_0", "condition.dense2");
    }
  }

  private void block(int layer) {
    String theirs = TRANSFORMER + "TransformerBlock_" + layer + "/";
    String ours = "layers." + layer + ".";
    if (config.isConditional()) {
      tree.dense(theirs + "Dense_0", ours + "modulation");
    } else {
      tree.table(theirs + "RMSNorm_0/scale", ours + "attention.norm.weight");
      tree.table(theirs + "RMSNorm_1/scale", ours + "feedForward.norm.weight");
    }
    int queries = config.heads() * config.headWidth();
    int keys = config.keyValueHeads() * config.headWidth();
    tree.rows(theirs + "attention/wq/kernel", ours + "attention.qkv.weight", 0, queries);
    tree.rows(theirs + "attention/wk/kernel", ours + "attention.qkv.weight", queries, keys);
    tree.rows(theirs + "attention/wv/kernel", ours + "attention.qkv.weight", queries + keys, keys);
    tree.kernel(theirs + "attention/wo", ours + "attention.out");
    int hidden = config.hiddenWidth();
    tree.rows(theirs + "feed_forward/w3/kernel", ours + "feedForward.in.weight", 0, hidden);
    tree.rows(theirs + "feed_forward/w1/kernel", ours + "feedForward.in.weight", hidden, hidden);
    tree.kernel(theirs + "feed_forward/w2", ours + "feedForward.out");
  }
}
