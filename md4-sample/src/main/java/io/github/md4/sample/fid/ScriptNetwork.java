// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.ScriptFile;
import java.util.Optional;

/** A network that is saved as TorchScript, such as the usual Inception-v3. */
record ScriptNetwork(ScriptFile script) implements FeatureNetwork {
  @Override
  public Features of(NDManager scope, NDArray images) {
    return new Features(script.features(scope, images), Optional.empty());
  }

  @Override
  public String description() {
    return "TorchScript " + script;
  }

  @Override
  public void close() {
    script.close();
  }
}
