// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.diffusion.AutoregressiveObjective;
import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.gpt2.GptConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.token.Gpt2Tokenizer;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * GPT-2 of any size (Radford et al., 2019), as Hugging Face publishes it: a model from left to
 * right, whose sequences follow the end of a text.
 */
record Gpt2Family() implements PublishedFamily {
  private static final String PREFIX = "transformer.";
  private static final int TOKENS = 50_257;
  private static final int END_OF_TEXT = 50_256;
  private static final int ID_OF_THE = 262;

  @Override
  public String name() {
    return "gpt2";
  }

  @Override
  public String sampler() {
    return "autoregressive";
  }

  @Override
  public boolean claims(PublishedConfig config) {
    return config.text("model_type").equals("gpt2");
  }

  @Override
  public Described describe(PublishedConfig config, Surroundings files) {
    config.only("activation_function", "gelu_new");
    config.only("scale_attn_weights", "true");
    config.only("scale_attn_by_inverse_layer_idx", "false");
    config.only("tie_word_embeddings", "true");
    config.only("add_cross_attention", "false");
    int vocabularySize = config.whole("vocab_size");
    int end = config.whole("eos_token_id", Math.min(END_OF_TEXT, vocabularySize - 1));
    GptConfig network = network(config, end);
    List<ParameterSpec> specs = network.specs(vocabularySize);
    boolean isPrefixed = files.tensors().contains(PREFIX + specs.get(0).name());
    String prefix = isPrefixed ? PREFIX : "";
    return new Described(
        new ModelConfig(
            new AutoregressiveObjective.Kind(),
            network.positions(),
            new Curve.Linear(),
            0,
            network),
        vocabularySize,
        specs,
        TensorNames.own(prefix, specs),
        buffers(prefix, network.layers()),
        end);
  }

  private static GptConfig network(PublishedConfig config, int end) {
    return new GptConfig(
        config.whole("n_layer"),
        config.whole("n_head"),
        config.whole("n_embd"),
        config.whole(config.has("n_positions") ? "n_positions" : "n_ctx"),
        config.number("layer_norm_epsilon", 1e-5),
        end);
  }

  /** Returns the masks of attention, and the head, which is the table of tokens. */
  private static Set<String> buffers(String prefix, int layers) {
    Set<String> buffers = new HashSet<>();
    buffers.add("lm_head.weight");
    for (int layer = 0; layer < layers; layer++) {
      buffers.add(prefix + "h." + layer + ".attn.bias");
      buffers.add(prefix + "h." + layer + ".attn.masked_bias");
    }
    return buffers;
  }

  /**
   * Returns GPT-2's own byte pairs where the vocabulary is theirs by size and by the words that are
   * looked up, since they are data's vocabulary too.
   */
  @Override
  public Tokenizer tokenizer(TokenizerFiles files, Described described) throws IOException {
    int the = files.ofVocabulary("\u0120the");
    boolean isOwn = described.vocabularySize() == TOKENS && (the < 0 || the == ID_OF_THE);
    if (isOwn) {
      return new Gpt2Tokenizer();
    }
    if (files.json().isPresent() && !files.hasWhole()) {
      throw new InvalidDataException(
          files.folder(),
          "has vocab.json but no tokenizer.json; only GPT-2's own byte pairs are known without it");
    }
    return PublishedFamily.super.tokenizer(files, described);
  }
}
