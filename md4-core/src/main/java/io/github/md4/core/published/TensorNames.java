// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.published;

import io.github.md4.core.network.ParameterSpec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The published names of a network's parameters.
 *
 * @param prefix what stands before all of them
 * @param top published names by the parameters' own, outside the layers
 * @param layer the published name of a layer, with a place for its number
 * @param inLayer published names by the parameters' own, within a layer
 */
record TensorNames(
    String prefix, Map<String, String> top, String layer, Map<String, String> inLayer) {
  private static final Pattern LAYER = Pattern.compile("layers\\.(\\d+)\\.(.*)");
  private static final Pattern ENDING = Pattern.compile("(.*)(\\.weight|\\.bias)");

  /** Returns the published name of a parameter. */
  String of(String parameter) {
    Matcher in = LAYER.matcher(parameter);
    return prefix
        + (in.matches()
            ? layer.formatted(Integer.parseInt(in.group(1))) + found(inLayer, in.group(2))
            : found(top, parameter));
  }

  private static String found(Map<String, String> names, String parameter) {
    if (names.containsKey(parameter)) {
      return names.get(parameter);
    }
    Matcher ending = ENDING.matcher(parameter);
    if (!ending.matches() || !names.containsKey(ending.group(1))) {
      throw new IllegalArgumentException("no published name: " + parameter);
    }
    return names.get(ending.group(1)) + ending.group(2);
  }

  /** Returns a map of pairs. */
  static Map<String, String> pairs(String... ownThenPublished) {
    Map<String, String> pairs = new LinkedHashMap<>();
    for (int i = 0; i < ownThenPublished.length; i += 2) {
      pairs.put(ownThenPublished[i], ownThenPublished[i + 1]);
    }
    return pairs;
  }

  /** Returns the names that parameters have here too, but for a prefix. */
  static TensorNames own(String prefix, List<ParameterSpec> specs) {
    Map<String, String> names = new LinkedHashMap<>();
    specs.forEach(spec -> names.put(spec.name(), spec.name()));
    return new TensorNames(prefix, names, "", Map.of());
  }

  /** Returns the names of the DDiT kind. */
  static TensorNames ddit(String prefix) {
    return new TensorNames(
        prefix,
        pairs(
            "embedding.weight", "vocab_embed.embedding",
            "condition.dense1", "sigma_map.mlp.0",
            "condition.dense2", "sigma_map.mlp.2",
            "head.norm", "output_layer.norm_final",
            "head.modulation", "output_layer.adaLN_modulation",
            "head", "output_layer.linear"),
        "blocks.%d.",
        pairs(
            "attention.norm", "norm1",
            "attention.qkv", "attn_qkv",
            "attention.out", "attn_out",
            "feedForward.norm", "norm2",
            "feedForward.in", "mlp.0",
            "feedForward.out", "mlp.2",
            "modulation", "adaLN_modulation"));
  }

  /** Returns the names of LLaDA. */
  static TensorNames llada() {
    return new TensorNames(
        "model.transformer.",
        pairs("embedding", "wte", "head.norm", "ln_f", "head", "ff_out"),
        "blocks.%d.",
        pairs(
            "attention.norm", "attn_norm",
            "attention.query", "q_proj",
            "attention.key", "k_proj",
            "attention.value", "v_proj",
            "attention.out", "attn_out",
            "feedForward.norm", "ff_norm",
            "feedForward.gate", "ff_proj",
            "feedForward.up", "up_proj",
            "feedForward.down", "ff_out"));
  }

  /** Returns the names of Qwen2 and Qwen3. */
  static TensorNames qwen() {
    return new TensorNames(
        "",
        pairs("embedding", "model.embed_tokens", "head.norm", "model.norm", "head", "lm_head"),
        "model.layers.%d.",
        pairs(
            "attention.norm", "input_layernorm",
            "attention.query", "self_attn.q_proj",
            "attention.key", "self_attn.k_proj",
            "attention.value", "self_attn.v_proj",
            "attention.out", "self_attn.o_proj",
            "attention.queryNorm", "self_attn.q_norm",
            "attention.keyNorm", "self_attn.k_norm",
            "feedForward.norm", "post_attention_layernorm",
            "feedForward.gate", "mlp.gate_proj",
            "feedForward.up", "mlp.up_proj",
            "feedForward.down", "mlp.down_proj"));
  }
}
