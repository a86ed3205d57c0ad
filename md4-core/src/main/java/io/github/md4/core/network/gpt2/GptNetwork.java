// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.gpt2;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import io.github.md4.core.Precision;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.text.Counted;
import io.github.md4.core.internal.torch.Gpt2Kernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.Recording;
import io.github.md4.core.network.Network;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Parameters;
import io.github.md4.core.network.RecordedNetwork;
import io.github.md4.core.network.Specs;
import io.github.md4.core.network.TrainableNetwork;
import io.github.md4.core.network.TrainingOptions;
import java.util.ArrayList;
import java.util.List;

/**
 * A GPT-2 as it is published: LayerNorm before each branch, and parameters under their published
 * names. Without dropout.
 */
final class GptNetwork implements Network {
  private static final String TOKENS = "wte.weight";
  private static final String POSITIONS = "wpe.weight";
  private static final List<String> OF_BLOCK =
      List.of(
          "ln_1.weight",
          "ln_1.bias",
          "attn.c_attn.weight",
          "attn.c_attn.bias",
          "attn.c_proj.weight",
          "attn.c_proj.bias",
          "ln_2.weight",
          "ln_2.bias",
          "mlp.c_fc.weight",
          "mlp.c_fc.bias",
          "mlp.c_proj.weight",
          "mlp.c_proj.bias");

  private final GptConfig config;
  private final int vocabularySize;
  private final NDManager manager;
  private final Gpt2Kernels inference;
  private final Gpt2Kernels training;

  GptNetwork(NDManager parent, GptConfig config, int vocabularySize, Precision precision) {
    this.config = config;
    this.vocabularySize = vocabularySize;
    this.manager = parent.newSubManager();
    this.inference = new Gpt2Kernels(manager, precision, config.heads(), config.epsilon());
    this.training = Gpt2Kernels.forTraining(manager, precision, config.heads(), config.epsilon());
  }

  @Override
  public List<ParameterSpec> specs() {
    return specs(config, vocabularySize);
  }

  /** Returns the parameters of a network of so many tokens, the table of tokens first. */
  static List<ParameterSpec> specs(GptConfig config, int vocabularySize) {
    long width = config.width();
    List<ParameterSpec> specs = new ArrayList<>();
    specs.add(Specs.table(TOKENS, vocabularySize, width));
    specs.add(Specs.table(POSITIONS, config.positions(), width));
    for (int layer = 0; layer < config.layers(); layer++) {
      String name = "h." + layer + ".";
      for (String part : OF_BLOCK) {
        specs.add(spec(name, part, width));
      }
    }
    specs.add(Specs.ones("ln_f.weight", width));
    specs.add(Specs.zeros("ln_f.bias", width));
    return specs;
  }

  private static ParameterSpec spec(String block, String part, long width) {
    String name = block + part;
    return switch (part) {
      case "ln_1.weight", "ln_2.weight" -> Specs.ones(name, width);
      case "attn.c_attn.weight" -> Specs.table(name, width, 3 * width);
      case "attn.c_attn.bias" -> Specs.zeros(name, 3 * width);
      case "attn.c_proj.weight" -> Specs.table(name, width, width);
      case "mlp.c_fc.weight" -> Specs.table(name, width, 4 * width);
      case "mlp.c_fc.bias" -> Specs.zeros(name, 4 * width);
      case "mlp.c_proj.weight" -> Specs.table(name, 4 * width, width);
      default -> Specs.zeros(name, width);
    };
  }

  @Override
  public Denoiser denoiser(Parameters parameters) {
    return (zt, condition, rows) -> {
      try (NDManager scope = zt.getManager().newSubManager()) {
        NDArray logits = logits(scope, inference, parameters, zt, rows, new Recording.None());
        logits.attach(zt.getManager());
        return logits;
      }
    };
  }

  private NDArray logits(
      NDManager scope,
      Gpt2Kernels kernels,
      Parameters parameters,
      NDArray zt,
      NDArray rows,
      Recording recording) {
    long length = zt.getShape().get(1);
    require(
        length <= config.positions(),
        "there must be at most " + Counted.of(config.positions(), "token"),
        length);
    NDArray table = parameters.get(TOKENS);
    NDArray tokens = unmasked(scope, zt);
    Hidden h = recording.start(kernels.embed(scope, tokens, table, parameters.get(POSITIONS)));
    for (int layer = 0; layer < config.layers(); layer++) {
      NDList weights = block(parameters, layer);
      h = recording.segment(scope, h, (inner, before) -> kernels.block(inner, before, weights));
    }
    Hidden picked = kernels.rows(scope, h, rows); // [R, D]
    return kernels.logits(
        scope, picked, parameters.get("ln_f.weight"), parameters.get("ln_f.bias"), table);
  }

  /** Returns the tokens with the one that begins a text in the place of the mask. */
  private NDArray unmasked(NDManager scope, NDArray zt) {
    NDArray isMask = in(scope, zt.eq(vocabularySize));
    NDArray ones = in(scope, isMask.toType(DataType.INT64, false));
    NDArray steps = in(scope, ones.mul(vocabularySize - config.start()));
    return in(scope, zt.sub(steps));
  }

  private static NDArray in(NDManager scope, NDArray array) {
    array.attach(scope);
    return array;
  }

  private static NDList block(Parameters parameters, int layer) {
    NDList weights = new NDList();
    for (String part : OF_BLOCK) {
      weights.add(parameters.get("h." + layer + "." + part));
    }
    return weights;
  }

  @Override
  public TrainableNetwork trainable(
      NDManager parent, Parameters parameters, TrainingOptions options) {
    return RecordedNetwork.unfused(
        "gpt2",
        parent,
        parameters,
        options,
        (scope, batch, recording) ->
            logits(scope, training, parameters, batch.zt(), batch.rows(), recording));
  }

  @Override
  public void close() {
    inference.close();
    training.close();
    manager.close();
  }
}
