// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import ai.djl.ndarray.types.Shape;
import java.util.Map;

/** The header of a safetensors file; both maps keep its order. */
record SafeTensorsHeader(Map<String, Entry> tensors, Map<String, String> metadata) {
  /** The key under which the header holds texts in place of a tensor. */
  static final String METADATA = "__metadata__";

  static final String TYPE = "dtype";
  static final String SHAPE = "shape";
  static final String OFFSETS = "data_offsets";

  /**
   * A tensor: its bytes are {@code [begin, end)}, counted from the end of the header.
   *
   * @param dtype the name of its element type in the file
   */
  record Entry(String dtype, ElementType type, Shape shape, long begin, long end) {
    long bytes() {
      return end - begin;
    }
  }
}
