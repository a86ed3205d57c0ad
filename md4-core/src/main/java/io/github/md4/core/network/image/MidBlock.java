// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.UNetKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import java.util.ArrayList;
import java.util.List;

/** The block between the down path and the up path of a UNet. */
sealed interface MidBlock {

  /** Returns its parameters. */
  List<ParameterSpec> specs();

  /** Returns those parameters that are read in the type of the products. */
  List<ParameterSpec> ofProducts();

  /** Returns its ResBlocks. */
  List<ResBlock> resBlocks();

  /** Returns maps of the same shape; x stays open. */
  Hidden of(Backbone.Context context, Hidden x);

  /** Attention over all pixels between two ResBlocks. */
  record Attention(ResBlock first, WeightList attention, ResBlock second) implements MidBlock {
    /** The parameters of its norm, which come first. */
    private static final int NORM = 2;

    /** Returns a block with parameters of its own. */
    static Attention of(ResBlock.Kind kind, int channels) {
      WeightList attention =
          WeightList.of(
              Specs.ones("middle.attention.norm.weight", channels),
              Specs.zeros("middle.attention.norm.bias", channels),
              Specs.product("middle.attention.qkv.weight", 3L * channels, channels),
              Specs.zeros("middle.attention.qkv.bias", 3L * channels),
              Specs.product("middle.attention.out.weight", channels, channels),
              Specs.zeros("middle.attention.out.bias", channels));
      return new Attention(
          kind.block("middle.first", channels, channels),
          attention,
          kind.block("middle.second", channels, channels));
    }

    @Override
    public List<ParameterSpec> specs() {
      List<ParameterSpec> specs = new ArrayList<>(first.specs());
      specs.addAll(attention.specs());
      specs.addAll(second.specs());
      return specs;
    }

    @Override
    public List<ParameterSpec> ofProducts() {
      List<ParameterSpec> specs = new ArrayList<>(first.ofProducts());
      specs.addAll(attention.after(NORM).specs());
      specs.addAll(second.ofProducts());
      return specs;
    }

    @Override
    public List<ResBlock> resBlocks() {
      return List.of(first, second);
    }

    @Override
    public Hidden of(Backbone.Context context, Hidden x) {
      Hidden h = first.of(context, x);
      try (h) {
        UNetKernels kernels = first.kind().kernels();
        Hidden attended =
            kernels.attended(
                context.scope(), context.known().packs(), h, context.weights(attention));
        return second.ofLast(context, attended);
      }
    }
  }

  /** A transformer over patches of the maps, without a residual connection around it. */
  record Patches(UNetKernels kernels, Dit dit) implements MidBlock {
    @Override
    public List<ParameterSpec> specs() {
      return dit.specs();
    }

    @Override
    public List<ParameterSpec> ofProducts() {
      return dit.ofProducts();
    }

    @Override
    public List<ResBlock> resBlocks() {
      return List.of();
    }

    @Override
    public Hidden of(Backbone.Context outer, Hidden x) {
      try (NDManager scope = outer.scope().newSubManager()) {
        NDList weights = outer.weights(new WeightList(dit.specs()));
        Hidden y =
            kernels.part(
                scope,
                x,
                outer.condition(),
                weights,
                (inner, map, condition) ->
                    dit.ofMap(new Backbone.Context(inner, outer.weights(), condition), map));
        y.attach(outer.scope());
        return y;
      }
    }
  }
}
