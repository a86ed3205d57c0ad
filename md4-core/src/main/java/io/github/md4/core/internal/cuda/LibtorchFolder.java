// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.cuda;

import ai.djl.engine.Engine;
import ai.djl.pytorch.jni.LibUtils;
import com.sun.jna.NativeLibrary;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.stream.Stream;

/** The native libraries in libtorch's folder. */
public final class LibtorchFolder {
  private LibtorchFolder() {}

  /**
   * Returns the library whose file name matches {@code name}; empty if there is none.
   *
   * @throws UnsatisfiedLinkError if it is there and cannot be loaded
   */
  public static Optional<NativeLibrary> load(String name) {
    Engine unused = Engine.getInstance(); // which unpacks the folder
    try (Stream<Path> files = Files.list(Path.of(LibUtils.getLibtorchPath()))) {
      return files
          .filter(file -> file.getFileName().toString().matches(name))
          .findFirst()
          .map(file -> NativeLibrary.getInstance(file.toString()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
