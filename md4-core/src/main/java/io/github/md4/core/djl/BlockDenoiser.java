// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.djl;

import static io.github.md4.core.Checks.require;

import ai.djl.Model;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.nn.Block;
import ai.djl.training.ParameterStore;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.internal.cuda.OwnedArrays;
import java.util.Objects;

/**
 * A DJL block as a denoiser: from {@code inputs} to float32 logits [B, N, V]. It runs in inference
 * mode, without dropout; times and classes other than {@code inputs} gives are not told to it.
 *
 * <p>The block computes all positions, and the asked ones are chosen of them. It owns neither block
 * nor parameters. As safe for several threads as the block's forward is.
 *
 * @param block the network, from what {@link BlockInputs} gives to logits [B, N, V]
 * @param parameters the store of the block's parameters on the device of the tokens
 * @param inputs the form of the block's input
 */
public record BlockDenoiser(Block block, ParameterStore parameters, BlockInputs inputs)
    implements Denoiser {

  /**
   * Checks that all are there.
   *
   * @param block the network, from what {@link BlockInputs} gives to logits [B, N, V]
   * @param parameters the store of the block's parameters on the device of the tokens
   * @param inputs the form of the block's input
   */
  public BlockDenoiser {
    Objects.requireNonNull(block, "block");
    Objects.requireNonNull(parameters, "parameters");
    Objects.requireNonNull(inputs, "inputs");
  }

  /**
   * {@return the block of a model, with its weights as they are at each call}
   *
   * @param model the DJL model that owns block and weights
   * @param inputs the form of the block's input
   */
  public static BlockDenoiser of(Model model, BlockInputs inputs) {
    NDManager manager = model.getNDManager();
    return new BlockDenoiser(model.getBlock(), new ParameterStore(manager, false), inputs);
  }

  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    try (NDManager scope = zt.getManager().newSubManager()) {
      scope.tempAttachAll(zt, rows);
      float[] times = narrow(condition.times());
      NDArray t = OwnedArrays.floats(scope, times, new Shape(times.length)); // [B]
      NDArray all = block.forward(parameters, inputs.of(zt, t), false).singletonOrThrow();
      Shape shape = all.getShape();
      boolean fits =
          shape.dimension() == 3
              && shape.get(0) == zt.getShape().get(0)
              && shape.get(1) == zt.getShape().get(1);
      require(fits, "the block must return logits [B, N, V] of tokens " + zt.getShape(), shape);
      return scope.ret(all.reshape(-1, shape.get(2)).get(rows)); // [R, V]
    }
  }

  private static float[] narrow(double[] times) {
    float[] narrow = new float[times.length];
    for (int b = 0; b < narrow.length; b++) {
      narrow[b] = (float) times[b];
    }
    return narrow;
  }
}
