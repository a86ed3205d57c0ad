// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network.transformer;

import static io.github.md4.core.Checks.require;

/**
 * The embeddings of classes on the host, which writes them for steps of sampling.
 *
 * @param table a row for each class, [C, W]
 */
record ClassTable(float[] table, int width) {

  /**
   * Returns the features of times with each example's class appended, [B 2 W], of [B W].
   *
   * @throws IllegalArgumentException unless there is a label for each, and a row for each label
   */
  float[] appended(float[] ofTimes, int[] labels) {
    int examples = ofTimes.length / width;
    require(labels.length == examples, "there must be a label for each example", labels.length);
    float[] appended = new float[2 * ofTimes.length];
    for (int b = 0; b < examples; b++) {
      require(labels[b] >= 0 && labels[b] < table.length / width, "no such class", labels[b]);
      System.arraycopy(ofTimes, b * width, appended, 2 * b * width, width);
      System.arraycopy(table, labels[b] * width, appended, (2 * b + 1) * width, width);
    }
    return appended;
  }
}
