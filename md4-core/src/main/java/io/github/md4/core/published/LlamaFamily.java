// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import io.github.md4.core.model.ModelConfig;
import io.github.md4.core.network.llama.LlamaConfig;
import io.github.md4.core.schedule.Curve;
import io.github.md4.core.schedule.MaskingSchedule;
import java.util.Set;

/** The families of the Llama kind. */
sealed interface LlamaFamily extends PublishedFamily {

  private static Described described(
      LlamaConfig network, int length, int rows, TensorNames names, int endOfText) {
    ModelConfig config =
        new ModelConfig(length, new Curve.Linear(), MaskingSchedule.DEFAULT_EPSILON, network);
    return new Described(config, rows, network.specs(rows), names, Set.of(), endOfText);
  }

  /** LLaDA (Nie et al., 2025), iLLaDA and their kin. */
  record Llada() implements LlamaFamily {
    @Override
    public String name() {
      return "llada";
    }

    @Override
    public String sampler() {
      return "llada";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.text("model_type").equals("llada");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      refuseOtherForms(config);
      int width = config.whole("d_model");
      int heads = config.whole("n_heads");
      LlamaConfig network =
          new LlamaConfig(
              width,
              heads,
              config.whole("n_kv_heads", heads),
              width / Math.max(heads, 1),
              config.whole("n_layers"),
              config.whole("mlp_hidden_size", config.whole("mlp_ratio", 4) * width),
              config.number("rope_theta", 10_000),
              config.number("rms_norm_eps", 1e-5),
              false,
              false,
              isTied(config, files),
              false,
              maskId(config, files));
      int rows = config.whole("embedding_size", config.whole("vocab_size"));
      int length = config.whole("max_sequence_length", 4096);
      return described(network, length, rows, TensorNames.llada(), endOfText(config));
    }

    private static void refuseOtherForms(PublishedConfig config) {
      config.only("block_type", "llama");
      config.only("activation_type", "silu");
      config.only("layer_norm_type", "rms");
      config.only("rope", "true");
      config.only("block_group_size", "1");
      for (String key :
          new String[] {
            "alibi",
            "attention_layer_norm",
            "bias_for_layer_norm",
            "include_bias",
            "include_qkv_bias",
            "input_emb_norm",
            "scale_logits"
          }) {
        config.only(key, "false");
      }
    }

    /** A stored head is read even where the config calls it tied. */
    private static boolean isTied(PublishedConfig config, Surroundings files) {
      return config.flag("weight_tying", false)
          && !files.tensors().contains("model.transformer.ff_out.weight");
    }
  }

  /** Dream, Dream-Coder and DiffuCoder: a row speaks of the token after it. */
  record Dream() implements LlamaFamily {
    private static final int TRAINED_LENGTH = 2048;

    @Override
    public String name() {
      return "dream";
    }

    @Override
    public String sampler() {
      return "dream-entropy";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.text("model_type").equalsIgnoreCase("dream");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      return A2d.qwen(config, files, true, true, TRAINED_LENGTH);
    }
  }

  /** Models converted from Qwen2 and Qwen3 by dllm: full attention, no shift. */
  record A2d() implements LlamaFamily {
    private static final int USUAL_LENGTH = 1024;

    @Override
    public String name() {
      return "a2d";
    }

    @Override
    public String sampler() {
      return "dllm";
    }

    @Override
    public boolean claims(PublishedConfig config) {
      return config.text("model_type").startsWith("a2d-qwen");
    }

    @Override
    public Described describe(PublishedConfig config, Surroundings files) {
      boolean hasHeadNorms = files.tensors().contains("model.layers.0.self_attn.q_norm.weight");
      return qwen(config, files, !hasHeadNorms, false, USUAL_LENGTH);
    }

    private static Described qwen(
        PublishedConfig config,
        Surroundings files,
        boolean isBiased,
        boolean isShifted,
        int length) {
      config.only("hidden_act", "silu");
      config.only("use_sliding_window", "false");
      config.only("rope_scaling", "null");
      int width = config.whole("hidden_size");
      int heads = config.whole("num_attention_heads");
      boolean isTied =
          config.flag("tie_word_embeddings", false) && !files.tensors().contains("lm_head.weight");
      LlamaConfig network =
          new LlamaConfig(
              width,
              heads,
              config.whole("num_key_value_heads", heads),
              config.whole("head_dim", width / Math.max(heads, 1)),
              config.whole("num_hidden_layers"),
              config.whole("intermediate_size"),
              config.number(
                  "rope_theta", config.under("rope_parameters").number("rope_theta", 1e6)),
              config.number("rms_norm_eps", 1e-6),
              isBiased,
              !isBiased,
              isTied,
              isShifted,
              maskId(config, files));
      int longest = config.whole("max_position_embeddings", length);
      return described(
          network,
          Math.min(length, longest),
          config.whole("vocab_size"),
          TensorNames.qwen(),
          endOfText(config));
    }
  }

  private static int maskId(PublishedConfig config, Surroundings files) {
    return config.has("mask_token_id")
        ? config.whole("mask_token_id")
        : files.token("<|mdm_mask|>", "<|mask|>", "[MASK]", "<mask>", "<|MASK|>");
  }

  private static int endOfText(PublishedConfig config) {
    return config.has("eos_token_id") && config.json().get("eos_token_id").isJsonPrimitive()
        ? config.whole("eos_token_id")
        : -1;
  }
}
