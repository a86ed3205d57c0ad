// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.ServiceLoader;

/**
 * A layout of model folders that other programs write.
 *
 * <p>Implementations are found by {@link ServiceLoader} and have a public constructor without
 * parameters.
 */
public interface ModelLayout {

  /**
   * {@return whether a folder looks like one of this layout; damage is found by {@link #open}}
   *
   * @param folder any path, which may be absent
   */
  boolean isIn(Path folder);

  /**
   * Opens the model of a folder.
   *
   * @param folder the folder of a model or of a checkpoint
   * @return the model, whose weights are read when they are asked for
   * @throws io.github.md4.core.InvalidDataException if it is damaged or of an unknown network
   * @throws IOException if a file cannot be read
   */
  StoredModel open(Path folder) throws IOException;

  /**
   * {@return the layout of a folder, if one on the class path has it}
   *
   * @param folder any path, which may be absent
   */
  static Optional<ModelLayout> of(Path folder) {
    for (ModelLayout layout :
        ServiceLoader.load(ModelLayout.class, ModelLayout.class.getClassLoader())) {
      if (layout.isIn(folder)) {
        return Optional.of(layout);
      }
    }
    return Optional.empty();
  }
}
