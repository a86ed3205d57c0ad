// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import io.github.md4.core.internal.image.DitKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.ArrayList;
import java.util.List;

/**
 * A transformer over patches (spec, Section 5.6).
 *
 * @param enter from the channels of a patch to the width of the stream
 * @param leave back to the channels of a patch, from zero
 */
record Dit(
    DitKernels kernels, Norm norm, WeightList enter, List<WeightList> blocks, WeightList leave) {

  /** How the stream is normalised. */
  enum Norm {
    /** LayerNorm, scaled, shifted and gated as the condition says. */
    ADAPTIVE {
      @Override
      List<ParameterSpec> attention(String name, int width, int conditionWidth) {
        return modulation(name, BLOCK_VECTORS * width, conditionWidth);
      }

      @Override
      List<ParameterSpec> feedForward(String name, int width) {
        return List.of();
      }

      @Override
      List<ParameterSpec> leave(String name, int width, int conditionWidth) {
        return modulation(name, LEAVE_VECTORS * width, conditionWidth);
      }

      @Override
      Hidden block(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights) {
        return kernels.adaptiveBlock(pass.scope(), h, pass.told(), weights);
      }

      @Override
      Hidden leave(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights) {
        return kernels.adaptiveLeave(pass.scope(), h, pass.told(), weights);
      }

      @Override
      Backbone.Pass activated(DitKernels kernels, Backbone.Pass pass) {
        NDArray c = kernels.activated(pass.scope(), pass.told());
        return new Backbone.Pass(pass.scope(), pass.parameters(), new NDList(c));
      }
    },
    /** RMSNorm with a learned scale. */
    PLAIN {
      @Override
      List<ParameterSpec> attention(String name, int width, int conditionWidth) {
        return List.of(Specs.ones(name + ".attention.norm.weight", width));
      }

      @Override
      List<ParameterSpec> feedForward(String name, int width) {
        return List.of(Specs.ones(name + ".feedForward.norm.weight", width));
      }

      @Override
      List<ParameterSpec> leave(String name, int width, int conditionWidth) {
        return List.of(Specs.ones(name + ".norm.weight", width));
      }

      @Override
      Hidden block(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights) {
        return kernels.plainBlock(pass.scope(), h, weights);
      }

      @Override
      Hidden leave(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights) {
        return kernels.plainLeave(pass.scope(), h, weights);
      }

      @Override
      Backbone.Pass activated(DitKernels kernels, Backbone.Pass pass) {
        return pass;
      }
    };

    private static final int BLOCK_VECTORS = 6;
    private static final int LEAVE_VECTORS = 2;

    abstract List<ParameterSpec> attention(String name, int width, int conditionWidth);

    abstract List<ParameterSpec> feedForward(String name, int width);

    abstract List<ParameterSpec> leave(String name, int width, int conditionWidth);

    abstract Hidden block(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights);

    abstract Hidden leave(DitKernels kernels, Backbone.Pass pass, Hidden h, NDList weights);

    /** Returns the way on which the condition is activated, once for all blocks. */
    abstract Backbone.Pass activated(DitKernels kernels, Backbone.Pass pass);

    private static List<ParameterSpec> modulation(String name, int size, int conditionWidth) {
      return List.of(
          Specs.zeros(name + ".modulation.weight", size, conditionWidth),
          Specs.zeros(name + ".modulation.bias", size));
    }
  }

  /**
   * What is cut into patches.
   *
   * @param rows of patches; so are {@code columns}
   * @param in channels of a pixel on the way in; {@code out}, on the way out
   */
  record Field(int rows, int columns, int in, int out) {}

  /** Returns one with parameters of its own; their names begin with {@code name}. */
  static Dit of(String name, DitShape shape, Field field, int conditionWidth, Built built) {
    int pixels = shape.patch() * shape.patch();
    WeightList enter =
        WeightList.of(
            Specs.filters(name + "patches.weight", shape.width(), shape.patch(), field.in),
            Specs.zeros(name + "patches.bias", shape.width()),
            Specs.positions(name + "positions.weight", field.rows, field.columns, shape.width()));
    List<WeightList> blocks = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      blocks.add(block(name + "layers." + layer, shape, conditionWidth, built.norm));
    }
    long out = (long) pixels * field.out;
    WeightList leave =
        new WeightList(built.norm.leave(name + "out", shape.width(), conditionWidth))
            .and(
                List.of(
                    Specs.zeros(name + "out.weight", out, shape.width()),
                    Specs.zeros(name + "out.bias", out)));
    return new Dit(built.kernels, built.norm, enter, blocks, leave);
  }

  /** What it is built of besides its size. */
  record Built(DitKernels kernels, Norm norm) {}

  private static WeightList block(String name, DitShape shape, int conditionWidth, Norm norm) {
    int width = shape.width();
    return new WeightList(norm.attention(name, width, conditionWidth))
        .and(
            List.of(
                Specs.product(name + ".attention.qkv.weight", 3L * width, width),
                Specs.zeros(name + ".attention.qkv.bias", 3L * width),
                Specs.product(name + ".attention.out.weight", width, width)))
        .and(norm.feedForward(name, width))
        .and(
            List.of(
                Specs.product(name + ".feedForward.in.weight", shape.hiddenWidth(), width),
                Specs.zeros(name + ".feedForward.in.bias", shape.hiddenWidth()),
                Specs.product(name + ".feedForward.out.weight", width, shape.hiddenWidth()),
                Specs.zeros(name + ".feedForward.out.bias", width)));
  }

  /** Returns its parameters. */
  List<ParameterSpec> specs() {
    List<ParameterSpec> specs = new ArrayList<>(enter.specs());
    blocks.forEach(block -> specs.addAll(block.specs()));
    specs.addAll(leave.specs());
    return specs;
  }

  /** Returns maps as large as x [B, in, H, W], in place of them. */
  Hidden ofMap(Backbone.Pass pass, Hidden x) {
    Hidden h = kernels.enterMap(pass.scope(), x, pass.weights(enter));
    return kernels.toMap(pass.scope(), through(pass, h), x);
  }

  /** Returns the patches [B, T, p p out] of tokens zt, int64 [B, N]. */
  Hidden ofTokens(Backbone.Pass pass, NDArray zt, NDArray table) {
    return through(pass, kernels.enterTokens(pass.scope(), zt, table, pass.weights(enter)));
  }

  private Hidden through(Backbone.Pass pass, Hidden entered) {
    Backbone.Pass activated = norm.activated(kernels, pass);
    Hidden h = entered;
    for (WeightList block : blocks) {
      try (Hidden before = h) {
        h = norm.block(kernels, activated, before, pass.weights(block));
      }
    }
    return norm.leave(kernels, activated, h, pass.weights(leave));
  }
}
