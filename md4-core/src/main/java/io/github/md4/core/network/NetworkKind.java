// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.network;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.ServiceLoader;

/**
 * A kind of network under the name that model folders and configs give it. Implementations are
 * found by {@link ServiceLoader} and have a public constructor without parameters.
 */
public interface NetworkKind {
  /** The kind of a file that names none. */
  String DEFAULT = "transformer";

  /** {@return the name in files, none of this library's} */
  String name();

  /** {@return the record whose components are the kind's keys, with a public constructor} */
  Class<? extends NetworkConfig> config();

  /**
   * {@return the configs of all kinds on the class path, by name; ours come first, {@link #DEFAULT}
   * before all others}
   *
   * @throws IllegalStateException if two have one name
   */
  static Map<String, Class<? extends NetworkConfig>> all() {
    Map<String, Class<? extends NetworkConfig>> all = new LinkedHashMap<>();
    for (NetworkKind kind :
        ServiceLoader.load(NetworkKind.class, NetworkKind.class.getClassLoader())) {
      if (all.put(kind.name(), kind.config()) != null) {
        throw new IllegalStateException("two kinds of network are named " + kind.name());
      }
    }
    return Collections.unmodifiableMap(all);
  }
}
