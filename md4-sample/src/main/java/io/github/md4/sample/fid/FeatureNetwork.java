// SPDX-License-Identifier: Apache-2.0
package io.github.md4.sample.fid;

import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDManager;
import io.github.md4.core.PixelRange;
import io.github.md4.core.internal.torch.ScriptFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** A network that turns images into features. Not safe for several threads. */
public sealed interface FeatureNetwork extends AutoCloseable
    permits ClassifierNetwork, ScriptNetwork {

  /**
   * {@return the features of images}
   *
   * @param scope the owner of the features
   * @param images float32 [B, C, H, W], values from 0 to 255; C is 1 or 3
   */
  Features of(NDManager scope, NDArray images);

  /** {@return a line about the network for reports} */
  String description();

  /** Frees the network. */
  @Override
  void close();

  /**
   * The features of images, with the classes that the network predicts.
   *
   * @param vectors a vector of F features for each of B images, float32 [B, F]
   * @param labels int64 [B], the likeliest class of each; empty where the network predicts no
   *     classes
   */
  record Features(NDArray vectors, Optional<NDArray> labels) {}

  /**
   * Returns the network of a TorchScript file. Its {@code forward} takes images [B, 3, height,
   * width] and, after them, the flags; it returns features [B, F]. Code that reaches files or other
   * programs is refused, and a call ends after ten minutes.
   *
   * @param manager a manager of the device on which it runs
   * @param file the TorchScript file
   * @param range the range in which its {@code forward} takes pixels
   * @param flags the boolean arguments of its {@code forward} after the images, in order
   * @return the network, closed by the caller
   * @throws io.github.md4.core.InvalidDataException if the file is missing, not TorchScript, or
   *     calls what reaches files or other programs
   */
  static FeatureNetwork of(NDManager manager, Path file, PixelRange range, List<Boolean> flags) {
    return new ScriptNetwork(new ScriptFile(manager, file, new ScriptFile.Options(range, flags)));
  }
}
