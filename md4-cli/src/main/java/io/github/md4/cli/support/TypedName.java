// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.support;

/** The name by which the program was started, for lines that say what to type next. */
public final class TypedName {
  /** Set by bin/md4. */
  private static final String PROPERTY = "md4.typed";

  private TypedName() {}

  /** Returns the name, such as {@code bin/md4}; {@code md4} where it is unknown. */
  public static String get() {
    return System.getProperty(PROPERTY, "md4");
  }
}
