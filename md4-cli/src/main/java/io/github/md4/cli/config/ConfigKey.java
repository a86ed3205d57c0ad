// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

/**
 * The key of a value in the config.
 *
 * @param root the whole config, for hints
 * @param path dotted, such as {@code training.steps} or {@code layers[2].width}; "" at the root
 */
record ConfigKey(SectionType root, String path) {
  ConfigKey child(String name) {
    return new ConfigKey(root, path.isEmpty() ? name : path + "." + name);
  }

  ConfigKey element(int index) {
    return new ConfigKey(root, path + "[" + index + "]");
  }
}
