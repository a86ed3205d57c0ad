// SPDX-License-Identifier: Apache-2.0
package io.github.md4.core.internal.torch;

import io.github.md4.core.InvalidDataException;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;
import java.util.zip.ZipOutputStream;

/**
 * A TorchScript archive whose code was read before it is loaded.
 *
 * <p>TorchScript is a program. Its operators reach files through {@code from_file}, which maps one
 * and can overwrite it, {@code save}, and whatever other libraries register. Code with such names,
 * in any place, is refused. What is loaded is a new archive of the entries that were read, so that
 * no other reader of zip files finds others in it. This is no sandbox: it does not bound the memory
 * of a script.
 */
final class ScreenedScript {
  private static final long MOST_BYTES = Integer.MAX_VALUE - (1 << 20);
  private static final String CODE = ".py";
  private static final String PICKLE = ".pkl";
  private static final String OLD_FORMAT = "model.json";

  /** Names of operators that reach files, processes or other computers. */
  private static final Pattern FORBIDDEN =
      Pattern.compile("\\b(from_file|save|load|load_library|rpc_\\w+|open|system|popen|exec)\\b");

  /** Spellings of classes that C++ libraries register. */
  private static final Pattern CLASSES = Pattern.compile("torch\\s*\\.\\s*classes");

  /** Operators outside of {@code torch.NAME}, by their library. */
  private static final Pattern LIBRARY = Pattern.compile("\\bops\\b[\\s\\\\.]*(\\w*)");

  private static final Set<String> LIBRARIES = Set.of("aten", "prim", "quantized");

  private final Path file;

  private ScreenedScript(Path file) {
    this.file = file;
  }

  /**
   * Returns the archive to load in place of a file.
   *
   * @throws InvalidDataException if the file is none, or its code calls what is forbidden
   */
  static InputStream open(Path file) throws IOException {
    return new ByteArrayInputStream(new ScreenedScript(file).screened());
  }

  private byte[] screened() throws IOException {
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipFile from = new ZipFile(file.toFile());
        ZipOutputStream to = new ZipOutputStream(bytes)) {
      to.setMethod(ZipOutputStream.STORED);
      for (ZipEntry entry : Collections.list(from.entries())) {
        byte[] content = content(from, entry);
        screen(entry.getName(), content);
        ScriptArchive.put(to, entry.getName(), content);
      }
    } catch (IllegalArgumentException e) {
      throw new IOException(e.getMessage(), e);
    }
    return bytes.toByteArray();
  }

  private byte[] content(ZipFile from, ZipEntry entry) throws IOException {
    if (entry.getSize() > MOST_BYTES) {
      throw new IOException("an entry of " + entry.getSize() + " bytes");
    }
    CRC32 sum = new CRC32();
    byte[] content;
    try (InputStream in = from.getInputStream(entry)) {
      content = in.readAllBytes();
    }
    sum.update(content);
    if (sum.getValue() != entry.getCrc()) {
      throw new InvalidDataException(file, "the checksum of " + entry.getName() + " is wrong");
    }
    return content;
  }

  private void screen(String name, byte[] content) {
    String text = new String(content, StandardCharsets.ISO_8859_1);
    if (name.endsWith("/" + OLD_FORMAT) || name.equals(OLD_FORMAT)) {
      throw new InvalidDataException(file, "is of PyTorch before 1.4; save it again");
    }
    if (name.endsWith(CODE) || name.endsWith(PICKLE)) {
      refuse(CLASSES, name, text);
    }
    if (name.endsWith(CODE)) {
      refuse(FORBIDDEN, name, text);
      Matcher library = LIBRARY.matcher(text);
      while (library.find()) {
        if (!LIBRARIES.contains(library.group(1))) {
          throw forbidden(name, library.group());
        }
      }
    }
  }

  private void refuse(Pattern pattern, String name, String text) {
    Matcher found = pattern.matcher(text);
    if (found.find()) {
      throw forbidden(name, found.group());
    }
  }

  private InvalidDataException forbidden(String name, String what) {
    return new InvalidDataException(
        file,
        "names %s in %s: a script that can reach files or other programs is not run"
            .formatted(what.strip(), name));
  }
}
