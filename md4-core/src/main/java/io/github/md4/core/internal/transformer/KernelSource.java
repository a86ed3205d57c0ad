// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.transformer;

import io.github.md4.core.internal.torch.TorchScript;
import java.util.LinkedHashMap;
import java.util.Map;

/**
 * The texts of CUDA kernels, each behind the text that it uses: {@code attention.cu} has the
 * barriers, copies and tensor cores of Hopper, {@code numbers.cu} what kernels between products
 * share.
 */
public final class KernelSource {
  private KernelSource() {}

  /**
   * Returns the text of a file behind {@code attention.cu}.
   *
   * @param beside a class of the file's package
   */
  public static String behindAttention(Class<?> beside, String file) {
    return resource("attention.cu") + TorchScript.resource(beside, file);
  }

  /** Returns what {@code attention.cu} asks of kernels without heads; more can be added. */
  public static Map<String, Integer> withoutHeads() {
    Map<String, Integer> constants = new LinkedHashMap<>();
    constants.put("W", 64);
    constants.put("CAUSAL", 0);
    constants.put("DROPOUT", 0);
    return constants;
  }

  /** Returns the texts of files one behind the other, behind {@code numbers.cu}. */
  static String behindNumbers(String... files) {
    StringBuilder text = new StringBuilder(resource("numbers.cu"));
    for (String file : files) {
      text.append(resource(file));
    }
    return text.toString();
  }

  private static String resource(String file) {
    return TorchScript.resource(KernelSource.class, file);
  }
}
