// SPDX-License-Identifier: Apache-2.0
package io.github.md4.train.internal.corpus;

import io.github.md4.core.token.Provenance;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** A text in files, which are uncompressed and joined in order. */
public record Corpus(List<Path> files) {
  public Corpus {
    if (files.isEmpty()) {
      throw new IllegalArgumentException("files must be at least 1: 0");
    }
    files = List.copyOf(files);
  }

  /** Starts reading at the first byte. */
  public CorpusReader read() {
    return CorpusReader.ofBytes(files);
  }

  /** Starts reading texts, without byte order marks. */
  public CorpusReader readText() {
    return CorpusReader.ofTexts(files);
  }

  /** Returns the name of the file, or of the folder of several files. */
  public String name() {
    Path first = files.get(0).toAbsolutePath().normalize();
    Path parent = first.getParent();
    boolean isNamedByFolder = files.size() > 1 && parent != null && parent.getFileName() != null;
    return isNamedByFolder ? parent.getFileName().toString() : Compression.baseName(first);
  }

  /** Returns the provenance of tokens that {@code source} made of this text; hashes every file. */
  public Provenance provenance(String source, int version) throws IOException {
    return provenance(source, version, "");
  }

  /**
   * Returns the provenance of {@link #provenance(String, int)} with the settings of {@code source}.
   */
  public Provenance provenance(String source, int version, String settings) throws IOException {
    List<Provenance.SourceFile> sources = new ArrayList<>();
    for (Path file : files) {
      sources.add(Provenance.SourceFile.of(file));
    }
    return new Provenance(source, version, settings, sources);
  }
}
