// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import ai.djl.ndarray.NDArray;
import io.github.md4.core.kernel.DitKernels;
import io.github.md4.core.kernel.Hidden;
import io.github.md4.core.token.ImageShape;
import java.util.ArrayList;
import java.util.List;

/** A transformer over patches alone. */
record DitTrunk(DitKernels kernels, ParameterSpec embedding, Dit dit) implements Trunk {

  static DitTrunk of(DitConfig config, int vocabularySize, KernelMode mode) {
    ImageShape image = config.image();
    DitShape shape = config.blocks();
    DitKernels kernels = mode.dit(shape);
    Dit.Field field =
        new Dit.Field(
            image.height() / shape.patch(),
            image.width() / shape.patch(),
            image.colours() * config.width(),
            image.colours() * vocabularySize);
    Dit.Built built = new Dit.Built(kernels, norm(config.condition()));
    return new DitTrunk(
        kernels,
        Specs.table("embedding.weight", vocabularySize + 1L, config.width()),
        Dit.of("", shape, field, config.width(), built));
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
  public NDArray logits(Pass pass, NDArray zt, NDArray rows) {
    Hidden patches = dit.ofTokens(pass, zt, pass.parameters().get(embedding.name()));
    return kernels.toRows(pass.scope(), patches, rows);
  }
}
