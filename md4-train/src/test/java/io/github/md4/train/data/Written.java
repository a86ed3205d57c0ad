// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data;

import com.github.luben.zstd.ZstdOutputStream;
import io.github.md4.core.token.TokenFile;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.zip.GZIPOutputStream;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.tukaani.xz.LZMA2Options;
import org.tukaani.xz.XZOutputStream;

/** Files for tests. */
public final class Written {
  private Written() {}

  public static Path text(Path file, String text) throws IOException {
    return Files.write(file, packed(file.toString(), text.getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns bytes packed as the ending of the name says. */
  public static byte[] packed(String name, byte[] bytes) throws IOException {
    ByteArrayOutputStream packed = new ByteArrayOutputStream();
    try (OutputStream out = packing(name, packed)) {
      out.write(bytes);
    }
    return packed.toByteArray();
  }

  private static OutputStream packing(String name, OutputStream out) throws IOException {
    if (name.endsWith(".xz")) {
      return new XZOutputStream(out, new LZMA2Options(1));
    }
    if (name.endsWith(".gz")) {
      return new GZIPOutputStream(out);
    }
    if (name.endsWith(".zst")) {
      return new ZstdOutputStream(out);
    }
    if (name.endsWith(".zip")) {
      ZipOutputStream zip = new ZipOutputStream(out);
      zip.putNextEntry(new ZipEntry("folder/"));
      zip.putNextEntry(new ZipEntry("folder/text"));
      return zip;
    }
    return out;
  }

  /** Returns the tokens of a split. */
  public static int[] ids(Path folder, String split) {
    try (TokenFile file = TokenFile.open(folder.resolve(split + ".bin"))) {
      return file.read(0, (int) file.length());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Returns the text of a split. */
  public static String decoded(Path folder, String split) throws IOException {
    try (TokenFile file = TokenFile.open(folder.resolve(split + ".bin"))) {
      return file.info().orElseThrow().tokenizer().decode(file.read(0, (int) file.length()));
    }
  }
}
