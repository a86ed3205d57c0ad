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
import java.util.stream.Stream;

/**
 * A transformer over patches (spec, Section 5.6).
 *
 * @param patchEmbedding maps the channels of a patch to the width of the stream
 * @param output maps the stream to the channels of a patch; initially zero
 */
record Dit(
    DitKernels kernels,
    Norm norm,
    WeightList patchEmbedding,
    List<WeightList> blocks,
    WeightList output) {

  /** The place of the positions in the list of the patch embedding. */
  private static final int POSITIONS = 2;

  /** The normalisation of the stream. */
  enum Norm {
    /** LayerNorm with scale, shift and gate from the condition. */
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
      List<ParameterSpec> output(String name, int width, int conditionWidth) {
        return modulation(name, OUTPUT_VECTORS * width, conditionWidth);
      }

      @Override
      Hidden block(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights) {
        return kernels.adaptiveBlock(context.scope(), h, context.conditionVector(), weights);
      }

      @Override
      Hidden output(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights) {
        return kernels.adaptiveOutput(context.scope(), h, context.conditionVector(), weights);
      }

      @Override
      Backbone.Context activated(DitKernels kernels, Backbone.Context context) {
        NDArray c = kernels.activated(context.scope(), context.conditionVector());
        return new Backbone.Context(context.scope(), context.weights(), new NDList(c));
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
      List<ParameterSpec> output(String name, int width, int conditionWidth) {
        return List.of(Specs.ones(name + ".norm.weight", width));
      }

      @Override
      Hidden block(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights) {
        return kernels.plainBlock(context.scope(), h, weights);
      }

      @Override
      Hidden output(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights) {
        return kernels.plainOutput(context.scope(), h, weights);
      }

      @Override
      Backbone.Context activated(DitKernels kernels, Backbone.Context context) {
        return context;
      }
    };

    /** Returns whether a parameter of a block or of the output is a norm's, read as it is. */
    boolean isExact(ParameterSpec spec) {
      return spec.name().endsWith("norm.weight");
    }

    private static final int BLOCK_VECTORS = 6;
    private static final int OUTPUT_VECTORS = 2;

    abstract List<ParameterSpec> attention(String name, int width, int conditionWidth);

    abstract List<ParameterSpec> feedForward(String name, int width);

    abstract List<ParameterSpec> output(String name, int width, int conditionWidth);

    abstract Hidden block(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights);

    abstract Hidden output(DitKernels kernels, Backbone.Context context, Hidden h, NDList weights);

    /** Returns the context with the activated condition, shared by all blocks. */
    abstract Backbone.Context activated(DitKernels kernels, Backbone.Context context);

    private static List<ParameterSpec> modulation(String name, int size, int conditionWidth) {
      return List.of(
          Specs.zeros(name + ".modulation.weight", size, conditionWidth),
          Specs.zeros(name + ".modulation.bias", size));
    }
  }

  /**
   * The grid of patches.
   *
   * @param rows of patches; likewise {@code columns}
   * @param in channels of an input pixel; {@code out}, of an output pixel
   */
  record PatchGrid(int rows, int columns, int in, int out) {}

  /** Returns a transformer with parameters of its own; their names begin with {@code name}. */
  static Dit of(String name, DitShape shape, PatchGrid grid, int conditionWidth, Parts parts) {
    int pixels = shape.patch() * shape.patch();
    WeightList patchEmbedding =
        WeightList.of(
            Specs.filters(name + "patches.weight", shape.width(), shape.patch(), grid.in),
            Specs.zeros(name + "patches.bias", shape.width()),
            Specs.positions(name + "positions.weight", grid.rows, grid.columns, shape.width()));
    List<WeightList> blocks = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      blocks.add(block(name + "layers." + layer, shape, conditionWidth, parts.norm));
    }
    long out = (long) pixels * grid.out;
    WeightList output =
        new WeightList(parts.norm.output(name + "out", shape.width(), conditionWidth))
            .and(
                List.of(
                    Specs.zeros(name + "out.weight", out, shape.width()),
                    Specs.zeros(name + "out.bias", out)));
    return new Dit(parts.kernels, parts.norm, patchEmbedding, blocks, output);
  }

  /** The kernels and the normalisation of a transformer. */
  record Parts(DitKernels kernels, Norm norm) {}

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
    List<ParameterSpec> specs = new ArrayList<>(patchEmbedding.specs());
    blocks.forEach(block -> specs.addAll(block.specs()));
    specs.addAll(output.specs());
    return specs;
  }

  /**
   * Returns those parameters that are read in the type of the products: all but norms, positions.
   */
  List<ParameterSpec> ofProducts() {
    List<ParameterSpec> specs = new ArrayList<>(patchEmbedding.specs().subList(0, POSITIONS));
    Stream.concat(blocks.stream(), Stream.of(output))
        .flatMap(list -> list.specs().stream())
        .filter(spec -> !norm.isExact(spec))
        .forEach(specs::add);
    return specs;
  }

  /** Returns maps of the size of x [B, in, H, W]. */
  Hidden ofMap(Backbone.Context context, Hidden x) {
    Hidden h = kernels.embedMap(context.scope(), x, context.weights(patchEmbedding));
    return kernels.toMap(context.scope(), through(context, h), x);
  }

  /** Returns the patches [B, T, p p out] of tokens zt, int64 [B, N]. */
  Hidden ofTokens(Backbone.Context context, NDArray zt, NDArray table) {
    return through(
        context, kernels.embedTokens(context.scope(), zt, table, context.weights(patchEmbedding)));
  }

  private Hidden through(Backbone.Context context, Hidden embedded) {
    Backbone.Context activated = norm.activated(kernels, context);
    Hidden h = embedded;
    for (WeightList block : blocks) {
      try (Hidden before = h) {
        h = norm.block(kernels, activated, before, context.weights(block));
      }
    }
    return norm.output(kernels, activated, h, context.weights(output));
  }
}
