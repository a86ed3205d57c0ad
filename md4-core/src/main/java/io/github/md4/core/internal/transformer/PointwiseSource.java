// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import io.github.md4.core.internal.torch.TorchScript;

/** The texts of the kernels between products, which are compiled behind {@code numbers.cu}. */
final class PointwiseSource {
  private PointwiseSource() {}

  /** Returns the text of files one behind the other, and of {@code numbers.cu} in front of them. */
  static String of(String... files) {
    StringBuilder text = new StringBuilder(resource("numbers.cu"));
    for (String file : files) {
      text.append(resource(file));
    }
    return text.toString();
  }

  private static String resource(String file) {
    return TorchScript.resource(PointwiseSource.class, file);
  }
}
