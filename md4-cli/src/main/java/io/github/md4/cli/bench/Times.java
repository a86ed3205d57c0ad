// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.github.md4.cli.report.Table;
import java.util.Arrays;

/**
 * The seconds that the same work took, once each time, in ascending order.
 *
 * @param seconds at least one; not copied
 */
record Times(double[] seconds) {

  /** Measures work. */
  static Times of(int repeats, Runnable work) {
    double[] seconds = new double[repeats];
    for (int i = 0; i < repeats; i++) {
      long begin = System.nanoTime();
      work.run();
      seconds[i] = (System.nanoTime() - begin) * 1e-9;
    }
    Arrays.sort(seconds);
    return new Times(seconds);
  }

  double median() {
    return seconds[seconds.length / 2];
  }

  double least() {
    return seconds[0];
  }

  double most() {
    return seconds[seconds.length - 1];
  }

  /** Adds the spread where there is one. */
  void addTo(Table table) {
    if (seconds.length > 1) {
      table.row(
          "spread",
          "%.3f to %.3f s in %d times, of which this is the median",
          least(),
          most(),
          seconds.length);
    }
  }

  void addTo(ObjectNode json) {
    json.put("seconds", median())
        .put("leastSeconds", least())
        .put("mostSeconds", most())
        .put("repeats", seconds.length);
  }
}
