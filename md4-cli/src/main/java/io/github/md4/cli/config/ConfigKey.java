// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

/**
 * Where a value belongs in the config.
 *
 * @param root the whole config, for hints
 * @param path dotted, "" at the root: {@code training.steps}, {@code layers[2].width}
 */
record ConfigKey(SectionType root, String path) {
  ConfigKey child(String name) {
    return new ConfigKey(root, path.isEmpty() ? name : path + "." + name);
  }

  ConfigKey element(int index) {
    return new ConfigKey(root, path + "[" + index + "]");
  }
}
