// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.image;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.internal.image.DitKernels;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.network.ParameterSpec;
import io.github.md4.core.network.Specs;
import io.github.md4.core.token.ImageShape;
import java.util.ArrayList;
import java.util.List;

/** The backbone that is a transformer over patches. */
record DitBackbone(DitKernels kernels, ParameterSpec embedding, Dit dit) implements Backbone {

  static DitBackbone of(DitConfig config, int vocabularySize, KernelMode mode) {
    ImageShape image = config.image();
    DitShape shape = config.blocks();
    DitKernels kernels = mode.dit(shape);
    Dit.PatchGrid grid =
        new Dit.PatchGrid(
            image.height() / shape.patch(),
            image.width() / shape.patch(),
            image.colours() * config.width(),
            image.colours() * vocabularySize);
    Dit.Parts parts = new Dit.Parts(kernels, norm(config.condition()));
    return new DitBackbone(
        kernels,
        Specs.table("embedding.weight", vocabularySize + 1L, config.width()),
        Dit.of("", shape, grid, config.width(), parts));
  }

  static Dit.Norm norm(ConditionConfig condition) {
    return condition.isPresent() ? Dit.Norm.ADAPTIVE : Dit.Norm.PLAIN;
  }

  @Override
  public List<ParameterSpec> specs() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(embedding));
    specs.addAll(dit.specs());
    return specs;
  }

  @Override
  public List<ParameterSpec> ofProducts() {
    List<ParameterSpec> specs = new ArrayList<>(List.of(embedding));
    specs.addAll(dit.ofProducts());
    return specs;
  }

  @Override
  public List<List<ParameterSpec>> conditionProducts() {
    return List.of();
  }

  @Override
  public Hidden product(Context context, NDArray zt, NDArray rows) {
    return kernels.toRows(context.scope(), patches(context, zt), rows);
  }

  @Override
  public NDArray exact(Context context, Hidden product) {
    return kernels.exact(context.scope(), product);
  }

  private Hidden patches(Context context, NDArray zt) {
    return dit.ofTokens(context, zt, context.weights().apply(embedding.name()));
  }
}
