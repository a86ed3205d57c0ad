// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;

/** The functions of a script, called in one of two modes: recorded for differentiation, or not. */
public final class KernelCalls implements AutoCloseable {
  private final TorchScript script;
  private final Call call;

  /** The mode of a call. */
  private interface Call {
    NDList apply(NDManager scope, String function, Object... arguments);
  }

  private KernelCalls(TorchScript script, Call call) {
    this.script = script;
    this.call = call;
  }

  /** Returns calls whose results cannot be differentiated. */
  public static KernelCalls run(TorchScript script) {
    return new KernelCalls(script, script::run);
  }

  /** Returns calls whose results can be differentiated automatically. */
  public static KernelCalls record(TorchScript script) {
    return new KernelCalls(script, script::record);
  }

  /** Returns the one result of a function; arguments are arrays and not empty lists of them. */
  public NDArray array(NDManager scope, String function, Object... arguments) {
    return call.apply(scope, function, arguments).singletonOrThrow();
  }

  /** Returns the one result of a function, in the network's own precision. */
  public Hidden hidden(NDManager scope, String function, Object... arguments) {
    return new Hidden(array(scope, function, arguments));
  }

  @Override
  public void close() {
    script.close();
  }
}
