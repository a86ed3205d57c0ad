// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.parallel;

import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.OptimizerKernels;
import io.github.md4.core.internal.torch.OptimizerKernels.Trained;
import java.io.IOException;
import java.util.stream.Stream;

/**
 * The arrays that an optimizer moves in this process: everything, or a piece of each segment.
 *
 * @hidden its types are internal
 */
public sealed interface OptimizerState extends AutoCloseable
    permits OptimizerState.Whole, ShardedState {

  /** {@return the kernels that move it} */
  OptimizerKernels kernels();

  /** {@return what is moved: parameters, averages and both moments} */
  Trained trained();

  /**
   * Returns whether every number of it is finite, in all processes; all of them ask together.
   *
   * @param parent the manager under which the numbers are computed
   * @return whether all are finite, the same in all processes
   */
  default boolean isFinite(NDManager parent) {
    Trained all = trained();
    try (NDManager scope = parent.newSubManager()) {
      return Stream.of(all.parameters(), all.average(), all.first(), all.second())
          .allMatch(each -> Float.isFinite(kernels().norm(scope, each).toFloatArray()[0]));
    }
  }

  /** Gives all processes the parameters that this one has moved; all of them call it together. */
  void publish();

  /** A model whose moments and average a process may do without between updates. */
  interface WholeModel {
    /**
     * Makes room for all of it and returns it, to be filled.
     *
     * @return what is to be filled
     */
    Trained fill();

    /** Frees moments and average. */
    void thin();
  }

  /**
   * Frees what this process does not keep.
   *
   * @param model moments and average, which may be absent
   */
  void begin(WholeModel model);

  /**
   * Does something with the whole model; all processes call it together.
   *
   * @param model moments and average, which may be absent
   * @param work reads or writes the whole model
   * @throws IOException if a file cannot be read or written
   */
  void whole(WholeModel model, Communicator.FileWork work) throws IOException;

  @Override
  void close();

  /**
   * The state of a process that keeps everything.
   *
   * @param kernels the kernels that move it
   * @param trained what is moved
   */
  record Whole(OptimizerKernels kernels, Trained trained) implements OptimizerState {
    @Override
    public void publish() {}

    @Override
    public void begin(WholeModel model) {}

    @Override
    public void whole(WholeModel model, Communicator.FileWork work) throws IOException {
      work.run();
    }

    @Override
    public void close() {}
  }
}
