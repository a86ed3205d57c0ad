// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts of kernels that use {@code attention.cu}: its barriers, copies and tensor cores. They
 * are compiled behind it.
 */
public final class HopperSource {
  private HopperSource() {}

  /**
   * Returns the text of a file behind {@code attention.cu}.
   *
   * @param beside a class of the file's package
   */
  public static String of(Class<?> beside, String file) {
    return TorchScript.resource(HopperSource.class, "attention.cu")
        + TorchScript.resource(beside, file);
  }

  /** Returns what {@code attention.cu} asks of kernels without heads; more can be added. */
  public static Map<String, Integer> constants() {
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("W", 64);
    constants.put("CAUSAL", 0);
    constants.put("DROPOUT", 0);
    return constants;
  }
}
