// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.internal.torch.ScriptFile;
import java.util.Optional;

/** A network that turns images into features. */
public sealed interface FeatureNetwork extends AutoCloseable
    permits ClassifierNetwork, ScriptNetwork {

  /**
   * {@return the features of images}
   *
   * @param scope the owner of the features
   * @param images float32 [B, C, H, W], 0 to 255
   */
  Features of(NDManager scope, NDArray images);

  /** {@return a line about the network for reports} */
  String description();

  @Override
  void close();

  /**
   * The features of images, with the classes that the network predicts.
   *
   * @param vectors a vector of F features for each of B images, float32 [B, F]
   * @param labels int64 [B], the likeliest class of each, if the network predicts classes
   */
  record Features(NDArray vectors, Optional<NDArray> labels) {}

  /**
   * {@return the network of a TorchScript file}
   *
   * @param script the open file
   * @hidden its types are internal
   */
  static FeatureNetwork of(ScriptFile script) {
    return new ScriptNetwork(script);
  }
}
