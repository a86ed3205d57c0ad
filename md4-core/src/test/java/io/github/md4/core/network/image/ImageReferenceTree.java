// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.TimeFeatures;
import io.github.md4.core.network.transformer.ReferenceTree;
import java.util.List;

/**
 * The reference's parameter tree for one of our image networks. Its modules of a kind are numbered
 * in the order of their creation.
 */
final class ImageReferenceTree {
  private static final String UNET = "classifier/UNet5DWrapper_0/UNet_0/";
  private static final String DIT = UNET + "DiT_0/";
  private static final String CONDITION = "classifier/CondEmbedding_0/";
  private static final String ATTENTION = UNET + "SelfAttention_0/MultiHeadDotProductAttention_0/";

  private final ImageConfig config;
  private final ReferenceTree tree;
  private final List<String> names;
  private int blocks;

  private ImageReferenceTree(ImageConfig config, List<ParameterSpec> specs) {
    this.config = config;
    this.tree = new ReferenceTree(specs);
    this.names = tree.names();
  }

  static ReferenceTree of(ImageConfig config, List<ParameterSpec> specs) {
    ImageReferenceTree reference = new ImageReferenceTree(config, specs);
    reference.condition();
    reference.ends();
    if (config instanceof UVitConfig uvit) {
      reference.uvit(uvit);
    } else {
      reference.unet((UNetConfig) config);
    }
    return reference.tree;
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

  private void ends() {
    tree.table("classifier/Embed_0/embedding", "embedding.weight");
    tree.dense(UNET + "Conv_0", "in");
    tree.dense(UNET + "Conv_1", "head");
  }

  private void unet(UNetConfig unet) {
    for (int layer = 0; layer < unet.layers(); layer++) {
      additive("down.0." + layer);
    }
    additive("middle.first");
    affine(UNET + "SelfAttention_0/GroupNorm_0", "middle.attention.norm");
    attention(unet.width());
    additive("middle.second");
    for (int layer = 0; layer <= unet.layers(); layer++) {
      additive("up.0." + layer);
    }
    affine(UNET + "GroupNorm_0", "head.norm");
  }

  /** Adds a ResBlock with an added condition. */
  private void additive(String ours) {
    String theirs = UNET + "ResBlock_" + blocks++ + "/";
    affine(theirs + "GroupNorm_0", ours + ".norm1");
    tree.dense(theirs + "Conv_0", ours + ".conv1");
    int dense = 0;
    if (names.contains(ours + ".condition.weight")) {
      tree.kernel(theirs + "Dense_" + dense++, ours + ".condition");
    }
    affine(theirs + "GroupNorm_1", ours + ".norm2");
    tree.dense(theirs + "Conv_1", ours + ".conv2");
    shortcut(theirs + "Dense_" + dense, ours);
  }

  private void shortcut(String theirs, String ours) {
    if (names.contains(ours + ".shortcut.weight")) {
      tree.dense(theirs, ours + ".shortcut");
    }
  }

  private void affine(String theirs, String ours) {
    tree.table(theirs + "/scale", ours + ".weight");
    tree.bias(theirs, ours);
  }

  private void attention(int width) {
    int first = 0;
    for (String part : List.of("query", "key", "value")) {
      tree.rows(ATTENTION + part + "/kernel", "middle.attention.qkv.weight", first, width);
      tree.biasRows(ATTENTION + part + "/bias", "middle.attention.qkv.bias", first, width);
      first += width;
    }
    tree.dense(ATTENTION + "out", "middle.attention.out");
  }

  private void uvit(UVitConfig uvit) {
    int levels = uvit.multipliers().size();
    for (int level = 0; level < levels; level++) {
      for (int layer = 0; layer < uvit.layers(); layer++) {
        adaptive("down.%d.%d".formatted(level, layer));
      }
      if (level + 1 < levels) {
        adaptive("down.%d.halve".formatted(level));
      }
    }
    dit(uvit.middle());
    for (int level = levels - 1; level >= 0; level--) {
      for (int layer = 0; layer <= uvit.layers(); layer++) {
        adaptive("up.%d.%d".formatted(level, layer));
      }
      if (level > 0) {
        adaptive("up.%d.double".formatted(level));
      }
    }
    conditional(UNET + "CondGroupNorm_0/", "head.norm");
  }

  /** Adds a ResBlock whose norms the condition scales and shifts. */
  private void adaptive(String ours) {
    String theirs = UNET + "ResBlock_" + blocks++ + "/";
    conditional(theirs + "CondGroupNorm_0/", ours + ".norm1");
    tree.dense(theirs + "Conv_0", ours + ".conv1");
    conditional(theirs + "CondGroupNorm_1/", ours + ".norm2");
    tree.dense(theirs + "Conv_1", ours + ".conv2");
    shortcut(theirs + "Dense_0", ours);
  }

  private void conditional(String theirs, String ours) {
    if (config.condition().isPresent()) {
      tree.dense(theirs + "Dense_0", ours + ".modulation");
    } else {
      affine(theirs + "GroupNorm_0", ours);
    }
  }

  private void dit(DitShape shape) {
    tree.dense(DIT + "x_embedder/proj", "middle.patches");
    tree.table(DIT + "pos_embed", "middle.positions.weight");
    for (int layer = 0; layer < shape.layers(); layer++) {
      ditBlock(DIT + "blocks_" + layer + "/", "middle.layers." + layer + ".", shape.width());
    }
    norm(DIT + "final_layer/", "Dense_0", "middle.out.modulation");
    norm(DIT + "final_layer/", "RMSNorm_0", "middle.out.norm");
    tree.dense(DIT + "final_layer/linear", "middle.out");
  }

  private void ditBlock(String theirs, String ours, int width) {
    norm(theirs, "Dense_0", ours.substring(0, ours.length() - 1) + ".modulation");
    norm(theirs, "RMSNorm_0", ours + "attention.norm");
    norm(theirs, "RMSNorm_1", ours + "feedForward.norm");
    int first = 0;
    for (String part : List.of("attn/wq", "attn/wk", "attn/wv")) {
      tree.rows(theirs + part + "/kernel", ours + "attention.qkv.weight", first, width);
      tree.biasRows(theirs + part + "/bias", ours + "attention.qkv.bias", first, width);
      first += width;
    }
    tree.kernel(theirs + "attn/wo", ours + "attention.out");
    tree.dense(theirs + "mlp/fc1", ours + "feedForward.in");
    tree.dense(theirs + "mlp/fc2", ours + "feedForward.out");
  }

  /** Adds the norm that the network has, of two kinds. */
  private void norm(String theirs, String module, String ours) {
    if (!names.contains(ours + ".weight")) {
      return;
    }
    if (module.startsWith("Dense")) {
      tree.dense(theirs + module, ours);
    } else {
      tree.table(theirs + module + "/scale", ours + ".weight");
    }
  }
}
