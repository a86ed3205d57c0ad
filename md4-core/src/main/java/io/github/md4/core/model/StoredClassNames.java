// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.model;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.token.ClassNames;
import io.github.md4.core.token.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;

/**
 * The names of a model's classes in its folder, {@code classes.json}; absent where there are none.
 */
final class StoredClassNames {
  private static final String FILE = "classes.json";

  private StoredClassNames() {}

  static Path file(Path folder) {
    return folder.resolve(FILE);
  }

  /** Returns the names that a folder has. */
  static Optional<ClassNames> read(Path folder) throws IOException {
    Path file = file(folder);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    if (Tokenizer.read(file) instanceof ClassNames names) {
      return Optional.of(names);
    }
    throw new InvalidDataException(file, "holds no names of classes");
  }

  /** Writes the names, or removes what was there. */
  static void write(Path folder, Optional<ClassNames> names) throws IOException {
    if (names.isPresent()) {
      Files.writeString(file(folder), names.get().toJson() + "\n");
    } else {
      Files.deleteIfExists(file(folder));
    }
  }
}
