// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.TorchScript;
import java.util.Map;

/**
 * The pieces of a network, written in TorchScript, in inference or recorded for differentiation.
 * Results belong to the scope that is given.
 */
final class PieceKernels implements AutoCloseable {
  private final TorchScript script;
  private final boolean isRecorded;

  private PieceKernels(TorchScript script, boolean isRecorded) {
    this.script = script;
    this.isRecorded = isRecorded;
  }

  /** Returns pieces whose results cannot be differentiated. */
  static PieceKernels forInference(NDManager parent, String resource, Map<String, ?> constants) {
    return new PieceKernels(load(parent, resource, constants), false);
  }

  /** Returns pieces whose results can be differentiated. */
  static PieceKernels forTraining(NDManager parent, String resource, Map<String, ?> constants) {
    return new PieceKernels(load(parent, resource, constants), true);
  }

  private static TorchScript load(NDManager parent, String resource, Map<String, ?> constants) {
    return TorchScript.load(parent, constants, TorchScript.resource(PieceKernels.class, resource));
  }

  /** Calls a function of arrays and lists of arrays, none of them empty where it is recorded. */
  NDList call(NDManager scope, String function, Object... arguments) {
    return isRecorded
        ? script.record(scope, function, arguments)
        : script.run(scope, function, arguments);
  }

  /** Calls a function with one result. */
  NDArray array(NDManager scope, String function, Object... arguments) {
    return call(scope, function, arguments).get(0);
  }

  @Override
  public void close() {
    script.close();
  }
}
