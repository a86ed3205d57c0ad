// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.image;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.image.FeatureMapTape.Backward;
import io.github.md4.core.internal.torch.Autograd;
import io.github.md4.core.internal.torch.Hidden;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.function.Supplier;

/**
 * The parts of a convolutional network that are not ResBlocks, as steps of a tape: each is recorded
 * and differentiated automatically.
 *
 * @param script has {@code contiguousMap} and {@code copied}
 */
record RecordedParts(UNetKernels recorded, Autograd autograd, TorchScript script) {

  /** Adds the embedding of the tokens zt, int64 [B, N]. */
  Hidden embed(FeatureMapTape tape, NDArray zt, NDArray table, NDList filtersAndBias) {
    NDArray h = recorded.embed(tape.scope(), zt, table, filtersAndBias).array;
    NDList weights = new NDList(table).addAll(filtersAndBias);
    return tape.add(
        h, (backward, gradient) -> through(backward, h, gradient, weights, new NDList()).close());
  }

  /** Adds a part of the network. */
  Hidden part(
      FeatureMapTape tape, Hidden x, NDList condition, NDList weights, UNetKernels.Part part) {
    NDArray leaf = leaf(tape, x.array);
    NDList conditionLeaves = new NDList();
    for (NDArray c : condition) {
      tape.useCondition(c);
      conditionLeaves.add(leaf(tape, c));
    }
    NDArray y = part.of(tape.scope(), new Hidden(leaf), conditionLeaves).array;
    y.attach(tape.scope());
    NDList leaves = new NDList(leaf).addAll(conditionLeaves);
    return tape.add(
        contiguous(tape.scope(), y),
        (backward, gradient) -> {
          NDList found = through(backward, y, gradient, weights, leaves);
          y.close();
          backward.add(x, contiguous(backward.scope(), found.get(0)));
          found.subList(1, found.size()).forEach(backward::addToCondition);
        });
  }

  /** Adds the head as the last step; its logits belong to {@code scope}. */
  NDArray head(
      FeatureMapTape tape, NDManager scope, Hidden a, NDArray rows, NDList filtersAndBias) {
    NDArray leaf = leaf(tape, a.array);
    NDArray logits =
        recorded.exact(scope, recorded.head(scope, new Hidden(leaf), rows, filtersAndBias));
    NDList leaves = new NDList(leaf);
    tape.addLast(
        logits,
        (backward, gradient) -> {
          NDList found = through(backward, logits, gradient, filtersAndBias, leaves);
          backward.add(a, contiguous(backward.scope(), found.get(0)));
        });
    return logits;
  }

  private NDArray contiguous(NDManager scope, NDArray map) {
    return script.run(scope, "contiguousMap", map).singletonOrThrow();
  }

  /**
   * Returns a copy that gradients can be taken by; arrays made in inference mode do not allow it.
   */
  private NDArray leaf(FeatureMapTape tape, NDArray x) {
    Supplier<NDArray> copy = () -> script.record(tape.scope(), "copied", x).singletonOrThrow();
    return Autograd.leaf(autograd.pause(copy));
  }

  /** Writes the gradients by weights and returns those by leaves. */
  private NDList through(
      Backward backward, NDArray output, NDArray gradient, NDList weights, NDList leaves) {
    NDList variables = new NDList(weights).addAll(leaves);
    NDList found =
        autograd.gradients(
            new NDList(output), new NDList(gradient), variables, backward.into(weights));
    found.attach(backward.scope());
    leaves.close();
    return found;
  }
}
