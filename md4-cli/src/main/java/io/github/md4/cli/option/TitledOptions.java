// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.option;

/** Options that several commands share. The help lists them under a title. */
public interface TitledOptions {

  /** Returns the title, such as "The sampler". */
  String title();
}
