// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.config;

import io.github.md4.core.InvalidConfigException;
import java.util.List;
import java.util.Set;

/** All errors of a section or a list, for the section around it. */
final class SectionErrors extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient List<InvalidConfigException> errors;
  private final transient Object mended;
  private final transient Set<String> wrong;

  /**
   * Makes the exception.
   *
   * @param errors at least one
   * @param mended the record with defaults in place of wrong values; null where it cannot be made
   * @param wrong the names of the wrong values
   */
  SectionErrors(List<InvalidConfigException> errors, Object mended, Set<String> wrong) {
    super(errors.get(0).getMessage());
    this.errors = List.copyOf(errors);
    this.mended = mended;
    this.wrong = Set.copyOf(wrong);
  }

  List<InvalidConfigException> errors() {
    return errors;
  }

  Object mended() {
    return mended;
  }

  Set<String> wrong() {
    return wrong;
  }
}
