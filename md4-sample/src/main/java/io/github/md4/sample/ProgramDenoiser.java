// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample;

import static io.github.md4.core.Checks.require;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import io.github.md4.core.diffusion.BlockDecoder;
import io.github.md4.core.diffusion.Condition;
import io.github.md4.core.diffusion.Decoder;
import io.github.md4.core.diffusion.Denoiser;
import io.github.md4.core.diffusion.MixedLengths;
import java.util.Optional;

/**
 * A network that a program wrote, whose answers are checked: one of another vocabulary would draw
 * masks, or tokens that the tokenizer lacks.
 *
 * @param network the program's network
 * @param vocabularySize V, the tokenizer's tokens
 */
record ProgramDenoiser(Denoiser network, int vocabularySize) implements Denoiser {
  @Override
  public NDArray logits(NDArray zt, Condition condition, NDArray rows) {
    NDArray logits = network.logits(zt, condition, rows);
    Shape expected = new Shape(rows.size(), vocabularySize);
    require(
        logits.getShape().equals(expected),
        "a denoiser's logits must be a row for each asked position and a column for each of the"
            + " tokenizer's tokens, "
            + expected,
        logits.getShape());
    return logits;
  }

  @Override
  public Optional<Decoder> decoder(NDManager parent, int slots, int length) {
    return network.decoder(parent, slots, length);
  }

  @Override
  public Optional<BlockDecoder> blockDecoder(NDManager parent) {
    return network.blockDecoder(parent);
  }

  @Override
  public Optional<MixedLengths> mixedLengths() {
    return network.mixedLengths();
  }

  /** That column is no token of the tokenizer's, so that what has it is not checked. */
  @Override
  public Denoiser withMaskColumn() {
    Denoiser wider = network.withMaskColumn();
    return wider.equals(network) ? this : wider;
  }
}
