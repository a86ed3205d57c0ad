// SPDX-License-Identifier: Apache-2.0
package io.github.md4.cli.parts;

import io.github.md4.core.InvalidDataException;
import io.github.md4.sample.MaskedDiffusion;
import io.github.md4.train.parallel.Jobs;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.CodeSource;
import java.util.Comparator;
import java.util.List;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** The build of this program, told from others of the same version by its classes. */
final class Build {
  /** A class of each module. */
  private static final List<Class<?>> MODULES =
      List.of(InvalidDataException.class, Jobs.class, MaskedDiffusion.class, Build.class);

  private Build() {}

  /** Returns the checksum of all classes, in brackets; nothing where they are not packaged. */
  static String suffix() {
    CRC32 sum = new CRC32();
    for (Class<?> module : MODULES) {
      CodeSource source = module.getProtectionDomain().getCodeSource();
      if (source == null || !"file".equals(source.getLocation().getProtocol())) {
        return "";
      }
      Path jar = Path.of(URI.create(source.getLocation().toString()));
      if (!Files.isRegularFile(jar)) {
        return "";
      }
      add(jar, sum);
    }
    return " (build %08x)".formatted(sum.getValue());
  }

  private static void add(Path jar, CRC32 sum) {
    try (ZipFile zip = new ZipFile(jar.toFile())) {
      zip.stream()
          .filter(entry -> entry.getName().endsWith(".class"))
          .sorted(Comparator.comparing(ZipEntry::getName))
          .forEach(
              entry -> {
                sum.update(entry.getName().getBytes(StandardCharsets.UTF_8));
                sum.update(ByteBuffer.allocate(Long.BYTES).putLong(0, entry.getCrc()));
              });
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
