// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.data.image;

import io.github.md4.core.InvalidDataException;
import io.github.md4.core.UntrustedFile;
import io.github.md4.train.internal.corpus.Compression;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;

/** The picture files of a folder or an archive, in a fixed order. */
sealed interface PictureFiles {

  /** Passes every file to a receiver. */
  void each(Receiver receiver) throws IOException;

  /** Returns the folders below the root, by their paths from there, with slashes. */
  default List<String> folders() throws IOException {
    return List.of();
  }

  /** The receiver of files. */
  interface Receiver {

    /**
     * Receives a file.
     *
     * @param name its path from the root, with slashes
     */
    void file(String name, Content content) throws IOException;
  }

  /** The content of a file, which is read on demand. */
  interface Content {
    byte[] bytes() throws IOException;
  }

  /** The files in a folder and its subfolders, sorted by path. */
  record Folder(Path root) implements PictureFiles {
    @Override
    public void each(Receiver receiver) throws IOException {
      List<Path> files;
      try (Stream<Path> all = Files.walk(root)) {
        files =
            all.filter(f -> PictureDecoder.isPicture(f.toString()) && !Files.isDirectory(f))
                .sorted()
                .toList();
      }
      for (Path file : files) {
        checkIsRegular(file);
        receiver.file(name(file), () -> Files.readAllBytes(file));
      }
    }

    private String name(Path file) {
      return root.relativize(file).toString().replace('\\', '/');
    }

    @Override
    public List<String> folders() throws IOException {
      try (Stream<Path> all = Files.walk(root)) {
        return all.filter(f -> Files.isDirectory(f) && !f.equals(root))
            .map(this::name)
            .sorted()
            .toList();
      }
    }
  }

  /** A pipe, say, may never end. */
  private static void checkIsRegular(Path file) {
    if (!Files.isRegularFile(file)) {
      throw new InvalidDataException(file, "is no regular file; remove it or name other pictures");
    }
  }

  /** The files in a tar, compressed or not, in its order. */
  record Archive(Path tar) implements PictureFiles {
    @Override
    public void each(Receiver receiver) throws IOException {
      try (InputStream in = Compression.open(tar);
          TarArchiveInputStream entries = new TarArchiveInputStream(new BufferedInputStream(in))) {
        for (TarArchiveEntry entry = next(entries); entry != null; entry = next(entries)) {
          if (entry.isFile() && PictureDecoder.isPicture(entry.getName())) {
            receiver.file(entry.getName(), () -> bytes(entries));
          }
        }
      }
    }

    private TarArchiveEntry next(TarArchiveInputStream entries) {
      try {
        return entries.getNextEntry();
      } catch (IOException e) {
        throw new UntrustedFile(tar).damaged(e);
      }
    }

    private byte[] bytes(TarArchiveInputStream entries) {
      try {
        return entries.readAllBytes();
      } catch (IOException e) {
        throw new UntrustedFile(tar).damaged(e);
      }
    }
  }
}
